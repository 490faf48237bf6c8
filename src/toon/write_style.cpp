#include <toml++/toml.h>

#include <fstream>

#include "base/error.h"
#include "base/output_file.h"
#include "toon/style.h"

namespace toonmirror::toon {
namespace {

namespace fs = std::filesystem;

std::string relative_to(const fs::path& folder, const fs::path& file) {
  return fs::absolute(file)
      .lexically_normal()
      .lexically_proximate(fs::absolute(folder).lexically_normal())
      .string();
}

toml::table table_of(const face::CartoonGeometry& geometry) {
  toml::table table{{"eyes", geometry.eye_zoom},
                    {"nose", geometry.nose_zoom},
                    {"mouth", geometry.mouth_zoom},
                    {"jaw", geometry.jaw_pull}};
  if (geometry.chin_lift != 0) table.insert("chin", geometry.chin_lift);
  if (geometry.eye_zoom_behind_glasses != 0) {
    table.insert("eyes_behind_glasses", geometry.eye_zoom_behind_glasses);
  }
  return table;
}

toml::table table_of(const Blend& blend) {
  toml::table table;
  if (blend.method == Blend::Method::kPinkney) {
    table.insert("method", "pinkney");
    table.insert("structure", blend.structure == Blend::Side::kFace ? "face" : "child");
    table.insert("resolution", blend.resolution);
    table.insert("level", blend.level);
    table.insert("width", blend.width);
    return table;
  }
  table.insert("method", blend.method == Blend::Method::kLayers ? "layers" : "vtoonify");
  toml::array weights;
  for (const double weight : blend.weights) weights.push_back(weight);
  table.insert("weights", weights);
  return table;
}

}  // namespace

void write_style(const Style& style) {
  const fs::path folder = style.file.parent_path();
  toml::table root;
  root.insert("name", style.name);
  if (!style.description.empty()) root.insert("description", style.description);
  if (!style.licence.empty()) root.insert("licence", style.licence);
  root.insert("encoder", relative_to(folder, style.encoder));
  if (!style.parser.empty()) root.insert("parser", relative_to(folder, style.parser));
  if (!style.teacher.empty()) root.insert("teacher", style.teacher);
  if (style.stills_by_teacher) root.insert("stills", "teacher");
  root.insert("psi", style.psi);
  root.insert("likeness", style.likeness);
  toml::table generator;
  generator.insert("face", relative_to(folder, style.face));
  if (!style.child.empty()) generator.insert("child", relative_to(folder, style.child));
  root.insert("generator", generator);
  if (style.geometry) root.insert("geometry", table_of(*style.geometry));
  if (style.scene != SceneManner::kNone) {
    root.insert("scene", toml::table{{"manner", name_of(style.scene)}, {"drawn", style.scene_drawn}});
  }
  if (style.blend.method != Blend::Method::kChild) root.insert("blend", table_of(style.blend));
  OutputFile output(style.file);
  std::ofstream file(output.temporary_path());
  file << root << '\n';
  file.close();
  if (!file) throw Error(style.file.string() + ": cannot be written; is the disk full?");
  output.commit();
}

}  // namespace toonmirror::toon
