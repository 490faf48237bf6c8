#include "app/reports.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace toonmirror::app {
namespace {

using nlohmann::ordered_json;

double per_second(int64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

ordered_json to_json(const std::vector<StageCost>& stages) {
  ordered_json list = ordered_json::array();
  for (const StageCost& cost : stages) {
    list.push_back({{"stage", cost.stage},
                    {"calls", cost.calls},
                    {"wall_ms", cost.wall_ms},
                    {"cpu_ms", cost.cpu_ms},
                    {"p50_ms", cost.p50_ms},
                    {"p95_ms", cost.p95_ms}});
  }
  return list;
}

// `verb`: what a face did with the frames.
template <typename Report>
std::string video_summary(const std::filesystem::path& output, const Report& report, const char* verb) {
  const double share = report.frames > 0 ? 100.0 * static_cast<double>(report.frames_with_face) /
                                               static_cast<double>(report.frames)
                                         : 0;
  return fmt::format("{}: {} frames, {:.0f}% {} a face, in {:.1f} s ({:.1f} fps)\n", output.string(),
                     report.frames, share, verb, report.seconds, per_second(report.frames, report.seconds)) +
         format_stage_costs(report.stages);
}

// What all reports say, and what one says beside it.
template <typename Report, typename Value>
ordered_json video_json(const Report& report, const char* own_key, Value own_value) {
  return {{"frames", report.frames},
          {"frames_with_face", report.frames_with_face},
          {own_key, own_value},
          {"seconds", report.seconds},
          {"fps", per_second(report.frames, report.seconds)},
          {"stages", to_json(report.stages)},
          {"notices", report.notices},
          {"warnings", report.warnings}};
}

}  // namespace

std::string summary(const std::filesystem::path& output, const toon::ConvertReport& report) {
  if (report.frames != 1) return video_summary(output, report, "with");
  return fmt::format("{}: {} face{} in {:.1f} s\n", output.string(), report.faces,
                     report.faces == 1 ? "" : "s", report.seconds);
}

std::string summary(const std::filesystem::path& output, const toon::AnimateReport& report) {
  return video_summary(output, report, "driven by");
}

ordered_json to_json(const toon::ConvertReport& report) { return video_json(report, "faces", report.faces); }

ordered_json to_json(const toon::AnimateReport& report) {
  return video_json(report, "reference_frame", report.reference_frame);
}

}  // namespace toonmirror::app
