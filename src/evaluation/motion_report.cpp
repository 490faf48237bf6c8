#include "evaluation/motion_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "media/still.h"

namespace toonmirror::evaluation {
namespace {

using Figure = std::optional<double> DrivenFigures::*;
const std::vector<std::pair<const char*, Figure>> kFigures = {
    {"mouth", &DrivenFigures::mouth},         {"lids", &DrivenFigures::lids},
    {"gaze", &DrivenFigures::gaze},           {"yaw", &DrivenFigures::yaw},
    {"pitch", &DrivenFigures::pitch},         {"identity", &DrivenFigures::identity},
    {"worst", &DrivenFigures::worst_identity}};

// Over those that have it.
std::optional<double> mean_of(const std::vector<DrivenFigures>& rows, Figure figure) {
  double sum = 0;
  int64_t count = 0;
  for (const DrivenFigures& row : rows) {
    if (!(row.*figure)) continue;
    sum += *(row.*figure);
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

std::string number(const std::optional<double>& value) {
  return value ? fmt::format("{:>10.3f}", *value) : fmt::format("{:>10}", "-");
}

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

}  // namespace

MotionReport measure_motion(const MotionReportOptions& options, const toon::Toonifier* toonifier,
                            nets::MotionModel& model, const tracking::FaceModels& face_models) {
  MotionReport report;
  std::vector<toon::Avatar> avatars;
  for (const std::filesystem::path& source : options.sources) {
    try {
      const media::StillImage image = media::read_still(source);
      const cv::Mat photo(image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.rgb.data()));
      avatars.push_back(toon::make_avatar(photo, source.filename().string(), toonifier, model, face_models,
                                          toon::DrawWith::kAuto));
    } catch (const Error& error) {
      report.left_out.emplace_back(error.what());
    }
  }
  std::optional<training::IdentityNetwork> identity;
  if (!options.nets.empty()) identity.emplace(options.nets);
  for (const std::filesystem::path& clip : options.clips) {
    const toon::DrivingMotion motion = toon::detect_motion(toon::analyse_driving(clip, face_models), model,
                                                           /*relative=*/false, options.threads);
    report.self.push_back(measure_self_driven(motion, model, face_models));
    for (const toon::Avatar& avatar : avatars) {
      report.driven.push_back(
          measure_driven(avatar, motion, model, face_models, identity ? &*identity : nullptr));
    }
  }
  return report;
}

std::string to_table(const MotionReport& report) {
  std::string text;
  if (!report.driven.empty()) {
    text += fmt::format("{:<24}{:<24}{:>8}", "picture", "driven by", "frames");
    for (const auto& [name, figure] : kFigures) text += fmt::format("{:>10}", name);
    text += '\n';
    for (const DrivenFigures& row : report.driven) {
      text += fmt::format("{:<24.23}{:<24.23}{:>8}", row.source, row.driving, row.frames);
      for (const auto& [name, figure] : kFigures) text += number(row.*figure);
      text += row.faceless > 0 ? fmt::format("  {} frames show no face\n", row.faceless) : "\n";
    }
    text += fmt::format("{:<56}", "mean");
    for (const auto& [name, figure] : kFigures) text += number(mean_of(report.driven, figure));
    text += '\n';
  }
  text += fmt::format("{:<48}{:>8}{:>10}{:>10}{:>10}{:>10}\n", "its own first picture, driven by", "frames",
                      "L1", "of still", "mesh", "of still");
  for (const SelfDrivenFigures& row : report.self) {
    text += fmt::format("{:<48.47}{:>8}{:>10.4f}{:>10.3f}{:>10.4f}{:>10.3f}\n", row.clip, row.frames, row.l1,
                        ratio(row.l1, row.l1_still), row.mesh, ratio(row.mesh, row.mesh_still));
  }
  return text;
}

nlohmann::ordered_json to_json(const MotionReport& report) {
  nlohmann::ordered_json json;
  for (const DrivenFigures& row : report.driven) {
    nlohmann::ordered_json object = {
        {"source", row.source}, {"driving", row.driving}, {"frames", row.frames}, {"faceless", row.faceless}};
    for (const auto& [name, figure] : kFigures) {
      if (row.*figure) object[name] = *(row.*figure);
    }
    json["driven"].push_back(object);
  }
  for (const auto& [name, figure] : kFigures) {
    if (const auto mean = mean_of(report.driven, figure)) json["mean"][name] = *mean;
  }
  for (const SelfDrivenFigures& row : report.self) {
    json["self_driven"].push_back({{"clip", row.clip},
                                   {"frames", row.frames},
                                   {"l1", row.l1},
                                   {"l1_still", row.l1_still},
                                   {"mesh", row.mesh},
                                   {"mesh_still", row.mesh_still}});
  }
  return json;
}

}  // namespace toonmirror::evaluation
