#include "app/batch.h"

#include <glob.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <system_error>

#include "base/error.h"
#include "base/text.h"
#include "base/usage_error.h"

namespace toonmirror::app {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 8> kWrittenVideos = {".mp4",  ".m4v", ".mov", ".mkv",
                                                            ".webm", ".avi", ".ts",  ".m2ts"};
constexpr std::array<std::string_view, 8> kWrittenStills = {".png",  ".jpg", ".jpeg", ".webp",
                                                            ".avif", ".bmp", ".tiff", ".tif"};
// Photos of phones, which become JPEG.
constexpr std::array<std::string_view, 2> kPhoneStills = {".heic", ".heif"};
// Read, but not written.
constexpr std::array<std::string_view, 18> kReadOnly = {".mpg",   ".mpeg", ".m2v", ".mts", ".vob",  ".wmv",
                                                        ".flv",   ".3gp",  ".ogv", ".gif", ".apng", ".mxf",
                                                        ".mjpeg", ".ppm",  ".pgm", ".pnm", ".jp2",  ".jxl"};

template <size_t N>
bool has_extension(const fs::path& path, const std::array<std::string_view, N>& extensions) {
  return std::ranges::find(extensions, lower_case(path.extension().string())) != extensions.end();
}

bool is_media_name(const fs::path& path) {
  return !path.filename().string().starts_with('.') &&
         (has_extension(path, kWrittenVideos) || has_extension(path, kWrittenStills) ||
          has_extension(path, kPhoneStills) || has_extension(path, kReadOnly));
}

std::string still_extension(const fs::path& input) {
  if (has_extension(input, kWrittenStills)) return input.extension().string();
  return has_extension(input, kPhoneStills) ? ".jpg" : ".png";
}

std::string video_extension(const fs::path& input) {
  return has_extension(input, kWrittenVideos) ? input.extension().string() : ".mp4";
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure)) {
    std::error_code unknown;
    if (entry.is_regular_file(unknown) && is_media_name(entry.path())) files.push_back(entry.path());
  }
  if (failure) throw Error(folder.string() + ": the folder cannot be read: " + failure.message());
  if (files.empty()) throw Error(folder.string() + ": no photos or videos in this folder");
  std::ranges::sort(files);
  return files;
}

std::vector<fs::path> files_like(const std::string& pattern) {
  glob_t matches{};
  std::vector<fs::path> files;
  if (glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches) == 0) {
    files.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  }
  globfree(&matches);
  std::erase_if(files, [](const fs::path& path) {
    std::error_code unknown;
    return fs::is_directory(path, unknown);
  });
  if (files.empty()) throw Error(pattern + ": no file has such a name");
  std::ranges::sort(files);
  return files;
}

std::vector<fs::path> files_of(const std::string& word) {
  std::error_code unknown;
  if (fs::is_directory(word, unknown)) return files_in(word);
  if (!fs::exists(word, unknown) && word.find_first_of("*?[") != std::string::npos) return files_like(word);
  return {word};
}

}  // namespace

std::vector<fs::path> expand_inputs(const std::vector<std::string>& words) {
  std::vector<fs::path> inputs;
  for (const std::string& word : words) {
    for (fs::path& file : files_of(word)) {
      if (std::ranges::find(inputs, file) == inputs.end()) inputs.push_back(std::move(file));
    }
  }
  return inputs;
}

fs::path ResultNames::result_of(const fs::path& input, media::InputKind kind) {
  const bool still = kind == media::InputKind::kStill;
  const std::string extension = still ? still_extension(input) : video_extension(input);
  const bool beside = !suffix_.empty();
  const fs::path folder = beside ? input.parent_path() : folder_;
  const std::string stem = input.stem().string() + (beside ? "-" + suffix_ : "");
  const auto free = [&](const fs::path& path) {
    std::error_code unknown;
    return taken_.insert(lower_case(path.string())).second && !(beside && fs::exists(path, unknown));
  };
  fs::path result = folder / (stem + extension);
  for (int number = 2; !free(result); ++number) {
    result = folder / (stem + "-" + std::to_string(number) + extension);
  }
  return result;
}

Batch::Batch(const std::vector<std::string>& words, const std::vector<fs::path>& inputs, fs::path output,
             const std::string& suffix)
    : names_({}) {
  std::error_code failure;
  if (output.empty() && words.size() == 1 && fs::is_directory(words.front(), failure)) {
    const fs::path folder = fs::path(words.front()).lexically_normal();
    const fs::path name = folder.has_filename() ? folder : folder.parent_path();
    output = name.string() + "-" + suffix;
  }
  if (output.empty()) {
    names_ = ResultNames::beside(suffix);
    for (const fs::path& input : inputs) items_.push_back({input, {}, std::nullopt, "", ""});
    return;
  }
  names_ = ResultNames(output);
  const bool names_folder = std::ranges::any_of(words, [](const std::string& word) {
    std::error_code unknown;
    return fs::is_directory(word, unknown);
  });
  const bool into_folder =
      fs::is_directory(output, failure) || !output.has_filename() || inputs.size() > 1 || names_folder;
  if (into_folder) {
    if (fs::exists(output, failure) && !fs::is_directory(output, failure)) {
      throw UsageError(output.string() + ": is a file, and there are several inputs",
                       "give a folder as the output");
    }
    fs::create_directories(output, failure);
    if (failure) throw Error(output.string() + ": this folder cannot be made: " + failure.message());
  }
  for (const fs::path& input : inputs) {
    items_.push_back({input, into_folder ? fs::path() : output, std::nullopt, "", ""});
  }
}

void Batch::run(const std::function<void(BatchItem&)>& work) {
  for (BatchItem& item : items_) {
    if (item.failed()) continue;
    try {
      work(item);
    } catch (const Error& error) {
      if (items_.size() == 1) throw;
      item.error = error.what();
      item.hint = error.hint();
      spdlog::error("{}", item.error);
      if (!item.hint.empty()) spdlog::info("hint: {}", item.hint);
    }
  }
}

void Batch::name_result(BatchItem& item, media::InputKind kind) {
  if (item.output.empty()) item.output = names_.result_of(item.input, kind);
}

size_t Batch::failures() const {
  return static_cast<size_t>(std::ranges::count_if(items_, &BatchItem::failed));
}

nlohmann::ordered_json Batch::to_json() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const BatchItem& item : items_) {
    nlohmann::ordered_json object = {{"input", item.input.string()}, {"output", item.output.string()}};
    if (item.report) {
      object.update(*item.report);
    } else {
      object["error"] = item.error;
      object["hint"] = item.hint;
    }
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace toonmirror::app
