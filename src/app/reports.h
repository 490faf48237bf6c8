// What became of a job, for people and as JSON.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "toon/animate.h"
#include "toon/convert.h"

namespace toonmirror::app {

// One line, and for videos a table of what each stage cost; ends with a line end.
std::string summary(const std::filesystem::path& output, const toon::ConvertReport& report);
std::string summary(const std::filesystem::path& output, const toon::AnimateReport& report);

// frames, frames_with_face, faces, seconds, fps, stages (stage, calls, wall_ms, cpu_ms, p50_ms, p95_ms each),
// notices, warnings.
nlohmann::ordered_json to_json(const toon::ConvertReport& report);
// frames, frames_with_face, reference_frame, seconds, fps, stages, notices, warnings.
nlohmann::ordered_json to_json(const toon::AnimateReport& report);

}  // namespace toonmirror::app
