#include "evaluation/report.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/percentile.h"
#include "training/losses.h"

namespace toonmirror::evaluation {
namespace {

using Photos = std::vector<const PhotoFigures*>;

Photos all_of(const PhotoReport& report) {
  Photos photos;
  for (const PhotoFigures& photo : report.photos) photos.push_back(&photo);
  return photos;
}

std::set<std::string> figure_names(const PhotoReport& report) {
  std::set<std::string> names;
  for (const PhotoFigures& photo : report.photos) {
    for (const auto& [name, value] : photo.figures) names.insert(name);
  }
  return names;
}

Spread spread_over(const Photos& photos, const std::string& figure) {
  std::vector<double> values;
  for (const PhotoFigures* photo : photos) {
    if (const auto found = photo->figures.find(figure); found != photo->figures.end())
      values.push_back(found->second);
  }
  return spread_of(std::move(values));
}

// By kind of group ("age"), then by its value ("20-39").
std::map<std::string, std::map<std::string, Photos>> groups_of(const PhotoReport& report) {
  std::map<std::string, std::map<std::string, Photos>> groups;
  for (const PhotoFigures& photo : report.photos) {
    for (const auto& [kind, value] : photo.groups) groups[kind][value].push_back(&photo);
  }
  return groups;
}

double mean_iou(const std::vector<double>& iou) {
  double sum = 0;
  int count = 0;
  for (const double value : iou) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

// Of all clips with a face at rest: output over input, weighted by their pictures at rest.
struct Steadiness {
  int64_t at_rest = 0;
  double jitter = 0, boil = 0;
};

Steadiness steadiness_of(const std::vector<ClipFigures>& clips) {
  double jitter_in = 0, jitter_out = 0, boil_in = 0, boil_out = 0;
  Steadiness result;
  for (const ClipFigures& clip : clips) {
    const auto weight = static_cast<double>(clip.at_rest);
    result.at_rest += clip.at_rest;
    jitter_in += weight * clip.jitter_in;
    jitter_out += weight * clip.jitter_out;
    boil_in += weight * clip.boil_in;
    boil_out += weight * clip.boil_out;
  }
  if (jitter_in > 0) result.jitter = jitter_out / jitter_in;
  if (boil_in > 0) result.boil = boil_out / boil_in;
  return result;
}

std::string photo_table(const PhotoReport& report) {
  const Photos photos = all_of(report);
  const std::set<std::string> names = figure_names(report);
  std::string text =
      fmt::format("{} photos\n{:<22}{:>9}{:>9}{:>9}\n", photos.size(), "", "mean", "p10", "p90");
  for (const std::string& name : names) {
    const Spread spread = spread_over(photos, name);
    text += fmt::format("{:<22}{:>9.4f}{:>9.4f}{:>9.4f}\n", name, spread.mean, spread.p10, spread.p90);
  }
  if (report.kid) text += fmt::format("{:<22}{:>9.4f}\n", "kid", *report.kid);
  for (const auto& [kind, values] : groups_of(report)) {
    text += fmt::format("\n{:<14}{:>7}", kind, "photos");
    for (const std::string& name : names)
      text += fmt::format("{:>{}}", name, std::max<size_t>(10, name.size() + 2));
    text += '\n';
    for (const auto& [value, members] : values) {
      text += fmt::format("{:<14}{:>7}", value, members.size());
      for (const std::string& name : names) {
        text +=
            fmt::format("{:>{}.3f}", spread_over(members, name).mean, std::max<size_t>(10, name.size() + 2));
      }
      text += '\n';
    }
  }
  if (report.parser) {
    const std::vector<double> iou = intersection_over_union(*report.parser);
    text += fmt::format("\nparser, intersection over union: mean {:.3f}\n", mean_iou(iou));
    for (size_t i = 0; i < training::kFaceClassNames.size(); ++i) {
      if (!std::isnan(iou[i])) text += fmt::format("  {} {:.3f}", training::kFaceClassNames[i], iou[i]);
    }
    text += '\n';
  }
  return text;
}

nlohmann::ordered_json seed_json(const SeedFigures& f) {
  return {{"seeds", f.seeds},
          {"photos", f.photos},
          {"training_faces", f.training_faces},
          {"kid", f.kid},
          {"kid_w_only", f.kid_w_only},
          {"sharpness", f.sharpness},
          {"sharpness_w_only", f.sharpness_w_only},
          {"sharpness_photos", f.sharpness_photos},
          {"identity_between", f.identity_between},
          {"near_training", f.near_training}};
}

std::string seed_table(const SeedFigures& figures) {
  const nlohmann::ordered_json json = seed_json(figures);
  std::string text;
  for (const auto& [name, value] : json.items()) {
    text += value.is_number_integer() ? fmt::format("{:<22}{:>9}\n", name, value.get<int64_t>())
                                      : fmt::format("{:<22}{:>9.4f}\n", name, value.get<double>());
  }
  return text;
}

std::string layers_of(const BlendFigures& row) {
  const bool face = row.structure == toon::Blend::Side::kFace;
  if (row.split_px == 0) return face ? "the face generator's" : "the style's";
  return fmt::format("{} below {} px", face ? "the face's" : "the style's", row.split_px);
}

std::string blend_table(const std::vector<BlendFigures>& rows) {
  std::string text =
      fmt::format("{:<28}{:>9}{:>14}{:>16}\n", "layers", "eyes", "KID to photos", "to drawings");
  for (const BlendFigures& row : rows) {
    text += fmt::format("{:<28}{:>9.3f}{:>14.4f}{:>16.4f}\n", layers_of(row), row.eyes, row.kid_photos,
                        row.kid_drawings);
  }
  return text;
}

nlohmann::ordered_json blend_json(const std::vector<BlendFigures>& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const BlendFigures& row : rows) {
    list.push_back({{"structure", row.structure == toon::Blend::Side::kFace ? "face" : "child"},
                    {"split_px", row.split_px},
                    {"eyes", row.eyes},
                    {"kid_photos", row.kid_photos},
                    {"kid_drawings", row.kid_drawings}});
  }
  return list;
}

std::string clip_table(const std::vector<ClipFigures>& clips) {
  std::string text = fmt::format("{:<40}{:>9}{:>9}{:>12}{:>12}{:>10}{:>10}\n", "clip", "pictures", "at rest",
                                 "jitter % in", "out", "boil in", "out");
  for (const ClipFigures& clip : clips) {
    text += fmt::format("{:<40}{:>9}{:>9}{:>12.3f}{:>12.3f}{:>10.2f}{:>10.2f}\n", clip.name, clip.frames,
                        clip.at_rest, clip.jitter_in, clip.jitter_out, clip.boil_in, clip.boil_out);
  }
  const Steadiness all = steadiness_of(clips);
  return text + fmt::format("output over input, {} pictures at rest: jitter {:.2f}, boil {:.2f}\n",
                            all.at_rest, all.jitter, all.boil);
}

nlohmann::ordered_json photo_json(const PhotoReport& report) {
  const Photos photos = all_of(report);
  const std::set<std::string> names = figure_names(report);
  nlohmann::ordered_json json = {{"count", photos.size()}, {"left_out", report.left_out}};
  for (const std::string& name : names) {
    const Spread spread = spread_over(photos, name);
    json["figures"][name] = {{"mean", spread.mean}, {"p10", spread.p10}, {"p90", spread.p90}};
  }
  if (report.kid) json["kid"] = *report.kid;
  for (const auto& [kind, values] : groups_of(report)) {
    for (const auto& [value, members] : values) {
      nlohmann::ordered_json group = {{"count", members.size()}};
      for (const std::string& name : names) group[name] = spread_over(members, name).mean;
      json["groups"][kind][value] = group;
    }
  }
  if (report.parser) {
    const std::vector<double> iou = intersection_over_union(*report.parser);
    json["parser"]["mean_iou"] = mean_iou(iou);
    for (size_t i = 0; i < training::kFaceClassNames.size(); ++i) {
      if (!std::isnan(iou[i])) json["parser"]["iou"][training::kFaceClassNames[i]] = iou[i];
    }
  }
  return json;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  Spread spread;
  spread.count = values.size();
  if (values.empty()) return spread;
  std::ranges::sort(values);
  for (const double value : values) spread.mean += value / static_cast<double>(values.size());
  spread.p10 = percentile(values, 0.1);
  spread.p90 = percentile(values, 0.9);
  return spread;
}

std::string to_table(const EvaluationReport& report) {
  std::string text = fmt::format("style {}, likeness {:g}\n\n", report.style, report.likeness);
  if (report.photos) text += photo_table(*report.photos);
  if (report.seeds) text += seed_table(*report.seeds);
  if (!report.blends.empty()) text += blend_table(report.blends);
  if (report.photos && !report.clips.empty()) text += '\n';
  if (!report.clips.empty()) text += clip_table(report.clips);
  return text;
}

nlohmann::ordered_json to_json(const EvaluationReport& report) {
  nlohmann::ordered_json json = {{"style", report.style}, {"likeness", report.likeness}};
  if (report.photos) json["photos"] = photo_json(*report.photos);
  if (report.seeds) json["seeds"] = seed_json(*report.seeds);
  if (!report.blends.empty()) json["blends"] = blend_json(report.blends);
  if (report.clips.empty()) return json;
  for (const ClipFigures& clip : report.clips) {
    json["clips"].push_back({{"clip", clip.name},
                             {"frames", clip.frames},
                             {"with_face", clip.with_face},
                             {"at_rest", clip.at_rest},
                             {"jitter_in_percent", clip.jitter_in},
                             {"jitter_out_percent", clip.jitter_out},
                             {"boil_in", clip.boil_in},
                             {"boil_out", clip.boil_out}});
  }
  const Steadiness all = steadiness_of(report.clips);
  json["steadiness"] = {{"at_rest", all.at_rest}, {"jitter_ratio", all.jitter}, {"boil_ratio", all.boil}};
  return json;
}

}  // namespace toonmirror::evaluation
