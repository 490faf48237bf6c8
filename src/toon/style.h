// A style: the recipe by which a face is drawn, read from a small .toml file beside the networks it names.
//
//   name = "toon"
//   description = "Clean lines, flat shading, large eyes"
//   licence = "CC BY-NC-SA 4.0"
//   encoder = "encoder.safetensors"      # projects a photo into the generators' latents
//   parser = "parser.safetensors"        # finds the parts of the face; left out: the one that ships
//   psi = 1.0                            # truncation of the latents towards the average face, 0 to 2
//   teacher = "comic"                    # the teacher it was learned from; left out: none that can draw
//   stills stills = "teacher"                   # who draws stills unless it is said: "teacher" or "child"
//   likeness = 1.0                       # share of the photo's own features, 0 to 1
//   [generator]
//   face = "face.safetensors"            # draws faces as they are
//   child = "toon.safetensors"           # the same network, taught to draw; left out: the face alone
//   [geometry]                           # left out: the drawing has the photo's own shapes
//   eyes = 1.62                          # factors on the size of eyes, nose and mouth
//   nose = 0.84
//   mouth = 0.97
//   jaw = 0.05                           # share by which the lower face narrows
//   chin = 0.0                           # how far the chin comes up, in distances of the eyes
//   eyes_behind_glasses = 1.25           # as eyes, for who wears glasses; left out: no difference
//   [blend]                              # left out: all layers are the child's
//   method = "pinkney"                   # a split; "layers" and "vtoonify" take weights instead
//   structure = "child"                  #   who gives the layers below the split: "child" or "face"
//   resolution = 32                      #   where it is, and on which side of that block's first layer
//   level = 1
//   width = 0.0                          #   softness; 0 switches at once
//   weights = [1, 1, 0.5, 0]             # layers, vtoonify: shares of the child from coarse to fine
//
//   [scene]                              # left out: what is around the heads stays as it was photographed
//   manner = "comic"                     # film, comic, ukiyoe, drawing or painting: how it can be drawn
//   drawn = true                         # whether it is where nobody says otherwise (--scene)
//
// Networks may be in any public format (checkpoint/checkpoint_file.h). Only `name`, `encoder` and
// `generator.face` have to be there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "face/cartoon_geometry.h"

namespace toonmirror::toon {

// Layer swapping between a generator and its fine-tuned child; see nets/blending.h for what the numbers mean.
struct Blend {
  enum class Method { kChild /* all its layers */, kPinkney, kLayers, kVtoonify };
  enum class Side { kFace, kChild };

  Method method = Method::kChild;
  Side structure = Side::kChild;  // pinkney: who is "low"
  int64_t resolution = 32;
  int level = 1;
  double width = 0;
  std::vector<double> weights;  // layers, vtoonify: of the child
};

// How a style draws what lies around the heads (toon/scene.h).
enum class SceneManner { kNone, kFilm, kComic, kUkiyoe, kDrawing, kPainting };

// The style of a picture when none is named.
inline constexpr const char* kDefaultStyle = "film";

struct Style {
  std::filesystem::path file;  // of the style itself; names it in messages
  std::string name;
  std::string description;
  std::string licence;
  std::filesystem::path encoder;
  std::filesystem::path parser;  // empty: the model "parser"
  std::filesystem::path face;
  std::filesystem::path child;  // empty: none
  std::string teacher;          // teachers/teacher.h; empty: none. Never a command: a style runs no programs
  bool stills_by_teacher = false;
  // The shapes the photo is given before the encoder sees it, as the style's teacher gave them.
  std::optional<face::CartoonGeometry> geometry;
  SceneManner scene = SceneManner::kNone;
  bool scene_drawn = false;  // where the user does not choose
  Blend blend;
  double psi = 1;
  double likeness = 1;
};

// As in a style file; empty for kNone.
std::string name_of(SceneManner manner);

// Reads a style file; the networks' paths come out relative to its folder. Throws Error naming file, line or
// key: not TOML, a key missing, unknown, of a wrong type or out of range, or a network that is not there.
Style load_style(const std::filesystem::path& file);

// Writes such a file to style.file, the networks relative to its folder. Throws Error where it cannot be
// written.
void write_style(const Style& style);

// The style that a checkpoint alone is: the encoder and the generator in it, as pSp and e4e files have both;
// of the house's family also a generator alone, with the house encoder. Throws Error saying what is missing.
Style style_of_checkpoint(const std::filesystem::path& file);

// load_style of the file or model name (base/model_path.h); style_of_checkpoint where the file is no .toml.
Style find_style(const std::string& name_or_file);

// Throws Error where psi is not in [0, 2], likeness not in [0, 1], or the blend's numbers are out of every
// generator's range.
void check_style(const Style& style);

}  // namespace toonmirror::toon
