// The report of `toonmirror evaluate`, as a table and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/blend_figures.h"
#include "evaluation/clip_figures.h"
#include "evaluation/photo_figures.h"
#include "evaluation/seed_figures.h"

namespace toonmirror::evaluation {

struct EvaluationReport {
  std::string style;
  double likeness = 1;
  std::optional<PhotoReport> photos;
  std::optional<SeedFigures> seeds;
  std::vector<BlendFigures> blends;
  std::vector<ClipFigures> clips;
};

// Of one figure over some photos; p10 and p90 by the nearest rank below.
struct Spread {
  size_t count = 0;
  double mean = 0, p10 = 0, p90 = 0;
};
Spread spread_of(std::vector<double> values);

std::string to_table(const EvaluationReport& report);

// "photos": count, "figures" by name (mean, p10, p90), "groups" by kind and value (count and means), "kid",
// "parser" (mean_iou, iou by class); "seeds": as SeedFigures; "blends": one object a row;
// "clips": one object each, "steadiness": their mean ratios.
nlohmann::ordered_json to_json(const EvaluationReport& report);

}  // namespace toonmirror::evaluation
