#include "toon/style.h"

#include <toml++/toml.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/model_path.h"

namespace toonmirror::toon {
namespace {

namespace fs = std::filesystem;

// One table of the file. Every key that is asked for counts as known; finish() reports the others.
class TableReader {
 public:
  // `name` of the table: empty for the whole file.
  TableReader(const fs::path& file, std::string name, const toml::table& table)
      : file_(file), name_(std::move(name)), table_(table) {}

  std::optional<std::string> text(const char* key) { return value<std::string>(key, "a text in quotes"); }
  std::optional<double> number(const char* key) { return value<double>(key, "a number"); }
  std::optional<int64_t> whole_number(const char* key) { return value<int64_t>(key, "a whole number"); }

  std::string required_text(const char* key) {
    const std::optional<std::string> found = text(key);
    if (!found || found->empty()) throw Error(where() + "lacks the key '" + full(key) + "'");
    return *found;
  }

  // An absent table reads as an empty one.
  TableReader table(const char* key) {
    static const toml::table kEmpty;
    known_.insert(key);
    const toml::node* node = table_.get(key);
    if (node != nullptr && !node->is_table()) throw wrong_type(key, "a table");
    return {file_, full(key), node == nullptr ? kEmpty : *node->as_table()};
  }

  void finish() const {
    for (const auto& [key, node] : table_) {
      if (known_.contains(std::string(key.str()))) continue;
      std::string hint = "known keys here:";
      for (const std::string& known : known_) hint += " " + known;
      throw Error(where() + "unknown key '" + full(std::string(key.str())) + "' in line " +
                      std::to_string(node.source().begin.line),
                  hint);
    }
  }

 private:
  std::string where() const { return file_.string() + ": "; }
  std::string full(const std::string& key) const { return name_.empty() ? key : name_ + "." + key; }

  Error wrong_type(const char* key, const char* expected) const {
    return Error(where() + "'" + full(key) + "' is not " + expected);
  }

  template <typename T>
  std::optional<T> value(const char* key, const char* expected) {
    known_.insert(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    const std::optional<T> found = node->value<T>();
    if (!found) throw wrong_type(key, expected);
    return found;
  }

  const fs::path& file_;
  std::string name_;
  const toml::table& table_;
  std::set<std::string> known_;
};

toml::table parse(const fs::path& file) {
  try {
    return toml::parse_file(file.string());
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    if (at.line == 0) throw Error(file.string() + ": cannot be read");
    throw Error(file.string() + ": line " + std::to_string(at.line) + ": " +
                std::string(error.description()));
  }
}

fs::path network(const fs::path& style_file, const std::string& name) {
  const fs::path path = style_file.parent_path() / name;
  std::error_code unknown;
  if (!fs::is_regular_file(path, unknown)) {
    throw Error(style_file.string() + ": its network " + path.string() + " is not there",
                "networks are looked for in the folder of the style");
  }
  return path;
}

Blend::Side side_of(const fs::path& file, const std::string& name) {
  if (name == "child") return Blend::Side::kChild;
  if (name == "face") return Blend::Side::kFace;
  throw Error(file.string() + ": 'blend.structure' is \"" + name + "\"", "use \"child\" or \"face\"");
}

Blend read_blend(const fs::path& file, TableReader table) {
  Blend blend;
  const int64_t resolution = table.whole_number("resolution").value_or(0);
  blend.resolution = static_cast<int>(std::clamp<int64_t>(resolution, -1, 1 << 20));
  if (const auto side = table.text("structure")) blend.structure = side_of(file, *side);
  blend.width = table.number("width").value_or(blend.width);
  table.finish();
  return blend;
}

face::CartoonGeometry read_geometry(TableReader table) {
  face::CartoonGeometry geometry;
  geometry.eye_zoom = table.number("eyes").value_or(1.0);
  geometry.nose_zoom = table.number("nose").value_or(1.0);
  geometry.mouth_zoom = table.number("mouth").value_or(1.0);
  geometry.jaw_pull = table.number("jaw").value_or(0.0);
  table.finish();
  return geometry;
}

}  // namespace

double Blend::child_share(int block_resolution) const {
  if (resolution == 0) return 1;
  // The cut lies half a doubling below the block of `resolution`.
  const double doublings = std::log2(static_cast<double>(block_resolution) / resolution) + 0.5;
  const double structure_share = std::clamp(0.5 - doublings / width, 0.0, 1.0);
  return structure == Side::kChild ? structure_share : 1 - structure_share;
}

void check_style(const Style& style) {
  const auto fail = [&](const std::string& what) { throw Error(style.file.string() + ": " + what); };
  if (style.geometry) {
    for (const double zoom :
         {style.geometry->eye_zoom, style.geometry->nose_zoom, style.geometry->mouth_zoom}) {
      if (!(zoom >= 0.5 && zoom <= 2)) fail("a factor of its geometry is not between 0.5 and 2");
    }
    if (!(style.geometry->jaw_pull >= 0 && style.geometry->jaw_pull <= 0.2)) {
      fail("geometry.jaw is not between 0 and 0.2");
    }
  }
  const Blend& blend = style.blend;
  if (!(style.psi >= 0 && style.psi <= 2)) fail("psi is not between 0 and 2");
  if (!(style.likeness >= 0 && style.likeness <= 1)) fail("likeness is not between 0 and 1");
  const bool is_power_of_two = blend.resolution >= 0 && std::has_single_bit(unsigned(blend.resolution));
  if (blend.resolution != 0 && (!is_power_of_two || blend.resolution < 8 || blend.resolution > 1024)) {
    fail("blend.resolution is neither 0 nor a power of two from 8 to 1024");
  }
  if (!(blend.width >= 1 && blend.width <= 16)) fail("blend.width is not between 1 and 16");
}

Style load_style(const fs::path& file) {
  const toml::table root = parse(file);
  TableReader top(file, "", root);
  Style style;
  style.file = file;
  style.name = top.required_text("name");
  style.description = top.text("description").value_or("");
  style.licence = top.text("licence").value_or("");
  style.psi = top.number("psi").value_or(style.psi);
  style.likeness = top.number("likeness").value_or(style.likeness);
  if (root.contains("geometry")) style.geometry = read_geometry(top.table("geometry"));
  style.blend = read_blend(file, top.table("blend"));
  TableReader generator = top.table("generator");
  const std::string encoder = top.required_text("encoder");
  const std::string face = generator.required_text("face");
  const std::optional<std::string> child = generator.text("child");
  generator.finish();
  top.finish();
  check_style(style);
  style.encoder = network(file, encoder);
  style.face = network(file, face);
  if (child) style.child = network(file, *child);
  return style;
}

Style find_style(const std::string& name_or_file) { return load_style(find_model(name_or_file, ".toml")); }

}  // namespace toonmirror::toon
