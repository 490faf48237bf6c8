// The parts of `toonmirror doctor` that concern pictures and files: FFmpeg, cameras, landmark predictor,
// models.
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
}
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "app/doctor_checks.h"
#include "base/error.h"
#include "base/model_keys.h"
#include "base/model_path.h"
#include "checkpoint/checkpoint_file.h"
#include "face/landmarks.h"
#include "face/profile_detector.h"

namespace toonmirror::app {
namespace {

namespace fs = std::filesystem;

std::string library_version(unsigned version) {
  return fmt::format("{}.{}.{}", AV_VERSION_MAJOR(version), AV_VERSION_MINOR(version),
                     AV_VERSION_MICRO(version));
}

Finding check_encoder(const std::string& part, const char* name, bool essential) {
  if (avcodec_find_encoder_by_name(name) != nullptr) return {part, Health::kOk, name, ""};
  return {part, essential ? Health::kMissing : Health::kWarning,
          std::string(name) + " is not part of this FFmpeg",
          "install Debian's FFmpeg libraries: apt install libavcodec59"};
}

std::string camera_name(const fs::path& device) {
  std::ifstream file("/sys/class/video4linux/" + device.filename().string() + "/name");
  std::string name;
  std::getline(file, name);
  return name.empty() ? device.string() : device.string() + " (" + name + ")";
}

Finding check_cameras() {
  std::set<fs::path> devices;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator("/dev", unreadable)) {
    if (entry.path().filename().string().starts_with("video")) devices.insert(entry.path());
  }
  if (devices.empty()) return {"cameras", Health::kOk, "none; photos and videos need none", ""};
  Finding finding{"cameras", Health::kOk, "", ""};
  for (const fs::path& device : devices) {
    finding.detail += (finding.detail.empty() ? "" : ", ") + camera_name(device);
    if (::access(device.c_str(), R_OK | W_OK) != 0) {
      finding.health = Health::kWarning;
      finding.detail += " without permission";
      finding.hint = "add yourself to the group: sudo usermod -aG video \"$USER\", then log in again";
    }
  }
  return finding;
}

Finding check_landmarks() {
  try {
    return {"landmarks", Health::kOk, face::find_landmark_model().string(), ""};
  } catch (const Error& error) {
    return {"landmarks", Health::kMissing, error.what(), error.hint()};
  }
}

Finding check_cascade() {
  try {
    return {"profile cascade", Health::kOk, face::find_profile_cascade().string(), ""};
  } catch (const Error& error) {
    return {"profile cascade", Health::kMissing, error.what(), error.hint()};
  }
}

// One finding per file, and the set of kinds among the readable ones.
Finding check_model(const fs::path& path, std::set<std::string>& kinds) {
  try {
    const checkpoint::CheckpointFile file(path);
    const auto found = file.metadata().find(kKindKey);
    if (found == file.metadata().end()) throw Error(path.string() + ": does not say what network it holds");
    const std::string& kind = found->second;
    kinds.insert(kind);
    return {"model", Health::kOk, path.string() + ": " + kind, ""};
  } catch (const Error& error) {
    return {"model", Health::kWarning, error.what(), error.hint()};
  }
}

std::string searched_folders() {
  std::string text;
  for (const fs::path& folder : model_folders()) text += (text.empty() ? "" : ", ") + folder.string();
  return text;
}

}  // namespace

std::vector<Finding> check_media() {
  std::vector<Finding> findings;
  findings.push_back({"FFmpeg", Health::kOk,
                      fmt::format("{}, libavcodec {}, libavformat {}", av_version_info(),
                                  library_version(avcodec_version()), library_version(avformat_version())),
                      ""});
  findings.push_back(check_encoder("H.264 encoder", "libx264", true));
  findings.push_back(check_encoder("VP9 encoder", "libvpx-vp9", false));
  findings.push_back(check_encoder("AAC encoder", "aac", true));
  findings.push_back(check_encoder("Opus encoder", "libopus", false));
  findings.push_back(check_cameras());
  return findings;
}

std::vector<Finding> check_models() {
  std::vector<Finding> findings = {check_landmarks(), check_cascade()};
  std::set<std::string> kinds;
  for (const fs::path& path : list_models(".safetensors")) findings.push_back(check_model(path, kinds));
  for (const char* needed : {"generator", "encoder", "parser", "mesh"}) {
    if (kinds.contains(needed)) continue;
    findings.push_back({"model", Health::kMissing,
                        fmt::format("no {} found in {}", needed, searched_folders()),
                        "set TOONMIRROR_MODELS to the folder that holds the house models"});
  }
  for (const fs::path& path : list_models(".toml")) {
    findings.push_back({"style", Health::kOk, path.stem().string() + ", " + path.string(), ""});
  }
  return findings;
}

}  // namespace toonmirror::app
