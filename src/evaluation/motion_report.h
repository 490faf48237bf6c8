// Pictures of some people moved by some clips: what `toonmirror evaluate --driving` measures and says.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "evaluation/driven_figures.h"
#include "toon/toonifier.h"

namespace toonmirror::evaluation {

struct MotionReportOptions {
  std::vector<std::filesystem::path> sources, clips;
  std::filesystem::path nets;  // folder of mobilefacenet128; empty: no identity
  int threads = 1;
};

struct MotionReport {
  std::vector<DrivenFigures> driven;    // of every source by every clip
  std::vector<SelfDrivenFigures> self;  // of every clip's own first picture
  std::vector<std::string> left_out;    // sources without a face, one line each
};

// `toonifier`: draws the sources first; null: photos are moved. Throws Error where a clip cannot be read or
// shows no face, Interrupted.
MotionReport measure_motion(const MotionReportOptions& options, const toon::Toonifier* toonifier,
                            nets::MotionModel& model, const tracking::FaceModels& face_models);

std::string to_table(const MotionReport& report);
// "driven" and "self_driven": one object each row, "mean": of all.
nlohmann::ordered_json to_json(const MotionReport& report);

}  // namespace toonmirror::evaluation
