#include "toon/style.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <set>
#include <system_error>

#include "base/error.h"
#include "base/model_path.h"
#include "nets/import_generator.h"
#include "nets/model_file.h"
#include "nets/psp_encoder.h"
#include "teachers/teacher.h"

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
  std::optional<bool> truth(const char* key) { return value<bool>(key, "true or false"); }
  std::optional<int64_t> whole_number(const char* key) { return value<int64_t>(key, "a whole number"); }

  // Empty where the key is absent.
  std::vector<double> numbers(const char* key) {
    known_.insert(key);
    std::vector<double> result;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return result;
    if (!node->is_array()) throw wrong_type(key, "a list of numbers");
    for (const toml::node& entry : *node->as_array()) {
      const std::optional<double> number = entry.value<double>();
      if (!number) throw wrong_type(key, "a list of numbers");
      result.push_back(*number);
    }
    return result;
  }

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

// The house's have 0.5 KB. A key of 100 thousand parts, a.a.a.…, would be as many tables within each other, for
// whose recursive destruction by toml++ no stack is deep enough.
constexpr uint64_t kMaxSize_bytes = 16 << 10;

toml::table parse(const fs::path& file) {
  std::error_code unreadable;
  const uint64_t size = fs::file_size(file, unreadable);
  if (unreadable) throw Error(file.string() + ": cannot be read: " + unreadable.message());
  if (size > kMaxSize_bytes) throw Error(file.string() + ": too large for a style");
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

// The value of a key that has to be one of a few words.
template <typename Value>
Value choice(const fs::path& file, const char* key, const std::string& word,
             std::initializer_list<std::pair<const char*, Value>> choices) {
  std::string hint = "use";
  for (const auto& [name, value] : choices) {
    if (word == name) return value;
    hint += std::string(hint == "use" ? " \"" : ", \"") + name + "\"";
  }
  throw Error(file.string() + ": '" + key + "' is \"" + word + "\"", hint);
}

Blend read_blend(const fs::path& file, TableReader table) {
  Blend blend;
  blend.method = choice<Blend::Method>(file, "blend.method", table.text("method").value_or("pinkney"),
                                       {{"pinkney", Blend::Method::kPinkney},
                                        {"layers", Blend::Method::kLayers},
                                        {"vtoonify", Blend::Method::kVtoonify}});
  blend.structure = choice<Blend::Side>(file, "blend.structure", table.text("structure").value_or("child"),
                                        {{"child", Blend::Side::kChild}, {"face", Blend::Side::kFace}});
  blend.resolution = table.whole_number("resolution").value_or(blend.resolution);
  blend.level =
      static_cast<int>(std::clamp<int64_t>(table.whole_number("level").value_or(blend.level), -1, 2));
  blend.width = table.number("width").value_or(blend.width);
  blend.weights = table.numbers("weights");
  table.finish();
  return blend;
}

face::CartoonGeometry read_geometry(TableReader table) {
  face::CartoonGeometry geometry;
  geometry.eye_zoom = table.number("eyes").value_or(1.0);
  geometry.nose_zoom = table.number("nose").value_or(1.0);
  geometry.mouth_zoom = table.number("mouth").value_or(1.0);
  geometry.jaw_pull = table.number("jaw").value_or(0.0);
  geometry.chin_lift = table.number("chin").value_or(0.0);
  geometry.eye_zoom_behind_glasses = table.number("eyes_behind_glasses").value_or(0.0);
  table.finish();
  return geometry;
}

// Of the file and of write_style.
constexpr std::array<std::pair<const char*, SceneManner>, 5> kManners = {
    {{"film", SceneManner::kFilm},
     {"comic", SceneManner::kComic},
     {"ukiyoe", SceneManner::kUkiyoe},
     {"drawing", SceneManner::kDrawing},
     {"painting", SceneManner::kPainting}}};

void read_scene(const fs::path& file, TableReader table, Style& style) {
  const std::string word = table.required_text("manner");
  style.scene_drawn = table.truth("drawn").value_or(false);
  table.finish();
  const auto* manner =
      std::ranges::find_if(kManners, [&word](const auto& known) { return word == known.first; });
  if (manner != kManners.end()) {
    style.scene = manner->second;
    return;
  }
  std::string hint = "known manners:";
  for (const auto& known : kManners) hint += std::string(" ") + known.first;
  throw Error(file.string() + ": 'scene.manner' is \"" + word + "\"", hint);
}

}  // namespace

std::string name_of(SceneManner manner) {
  const auto* known = std::ranges::find(kManners, manner, [](const auto& entry) { return entry.second; });
  return known == kManners.end() ? "" : known->first;
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
    if (!(style.geometry->chin_lift >= 0 && style.geometry->chin_lift <= 0.2)) {
      fail("geometry.chin is not between 0 and 0.2");
    }
    const double behind = style.geometry->eye_zoom_behind_glasses;
    if (behind != 0 && !(behind >= 0.5 && behind <= 2)) {
      fail("geometry.eyes_behind_glasses is not between 0.5 and 2");
    }
  }
  if (!style.teacher.empty() && !teachers::is_drawing_teacher(style.teacher)) {
    fail("its teacher '" + style.teacher + "' is none of this program's that draw");
  }
  if (style.stills_by_teacher && style.teacher.empty())
    fail("its stills are the teacher's, but it names none");
  const Blend& blend = style.blend;
  if (!(style.psi >= 0 && style.psi <= 2)) fail("psi is not between 0 and 2");
  if (!(style.likeness >= 0 && style.likeness <= 1)) fail("likeness is not between 0 and 1");
  const bool is_power_of_two =
      blend.resolution > 0 && std::has_single_bit(static_cast<uint64_t>(blend.resolution));
  if (!is_power_of_two || blend.resolution < 4 || blend.resolution > 1024) {
    fail("blend.resolution is not a power of two from 4 to 1024");
  }
  if (blend.level != 0 && blend.level != 1) fail("blend.level is neither 0 nor 1");
  if (!(blend.width >= 0 && blend.width <= 100)) fail("blend.width is not between 0 and 100");
  const bool weighted = blend.method == Blend::Method::kLayers || blend.method == Blend::Method::kVtoonify;
  if (weighted == blend.weights.empty()) {
    fail(weighted ? "its blend needs weights" : "its blend has weights, which its method does not take");
  }
  for (const double weight : blend.weights) {
    if (!(weight >= 0 && weight <= 1)) fail("a weight of its blend is not between 0 and 1");
  }
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
  style.teacher = top.text("teacher").value_or("");
  style.stills_by_teacher = choice<bool>(file, "stills", top.text("stills").value_or("child"),
                                         {{"child", false}, {"teacher", true}});
  if (root.contains("geometry")) style.geometry = read_geometry(top.table("geometry"));
  if (root.contains("scene")) read_scene(file, top.table("scene"), style);
  if (root.contains("blend")) style.blend = read_blend(file, top.table("blend"));
  TableReader generator = top.table("generator");
  const std::string encoder = top.required_text("encoder");
  const std::string face = generator.required_text("face");
  const std::optional<std::string> child = generator.text("child");
  const std::optional<std::string> parser = top.text("parser");
  generator.finish();
  top.finish();
  check_style(style);
  style.encoder = network(file, encoder);
  style.face = network(file, face);
  if (child) style.child = network(file, *child);
  if (parser) style.parser = network(file, *parser);
  return style;
}

Style style_of_checkpoint(const fs::path& file) {
  const checkpoint::CheckpointFile checkpoint(file);
  Style style;
  style.file = style.face = file;
  style.name = file.stem().string();
  const bool has_generator = nets::find_generator(checkpoint).has_value();
  if (has_generator && nets::find_psp_encoder(checkpoint)) {
    style.encoder = file;
    return style;
  }
  const fs::path house_encoder = find_model("encoder", ".safetensors");
  const std::string family = nets::family_of(checkpoint);
  if (has_generator && !family.empty() &&
      family == nets::family_of(checkpoint::CheckpointFile(house_encoder))) {
    style.encoder = house_encoder;
    return style;
  }
  throw Error(file.string() + (has_generator ? ": holds a generator, but no encoder that finds latents for it"
                                             : ": holds no StyleGAN2 generator"),
              "a style names both networks: see 'Styles of public checkpoints' in docs/formats.md");
}

Style find_style(const std::string& name_or_file) {
  const fs::path file = find_model(name_or_file, ".toml");
  return file.extension() == ".toml" ? load_style(file) : style_of_checkpoint(file);
}

}  // namespace toonmirror::toon
