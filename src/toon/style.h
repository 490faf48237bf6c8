// A style: the recipe by which a face is drawn, read from a small .toml file beside the networks it names.
//
//   name = "toon"
//   description = "Clean lines, flat shading, large eyes"
//   licence = "CC BY-NC-SA 4.0"
//   encoder = "encoder.safetensors"      # projects a photo into the generators' latents
//   psi = 1.0                            # truncation of the latents towards the average face, 0 to 2
//   likeness = 1.0                       # share of the photo's own features, 0 to 1
//   [generator]
//   face = "face.safetensors"            # draws faces as they are
//   child = "toon.safetensors"           # the same network, taught to draw; left out: the face alone
//   [geometry]                           # left out: the drawing has the photo's own shapes
//   eyes = 1.62                          # factors on the size of eyes, nose and mouth
//   nose = 0.84
//   mouth = 0.97
//   jaw = 0.05                           # share by which the lower face narrows
//   [blend]
//   resolution = 32                      # layers below and from here on come from different networks; 0: all
//   structure = "child"                  #   from the child. Who gives the layers below it: "child" or "face"
//   width = 1                            # doublings of resolution over which one fades into the other
//
// Only `name`, `encoder` and `generator.face` have to be there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "face/cartoon_geometry.h"

namespace toonmirror::toon {

// Layer swapping between a generator and its fine-tuned child (Pinkney and Adler 2020, "Resolution Dependent
// GAN Interpolation for Controllable Image Synthesis Between Domains").
struct Blend {
  enum class Side { kFace, kChild };

  int resolution = 0;             // 0, or a power of two from 8 to 1024
  Side structure = Side::kChild;  // who gives the resolutions below `resolution`
  double width = 1;               // 1 (a sharp cut) or more

  // How much of the child goes into the block of that resolution, in [0, 1].
  double child_share(int block_resolution) const;
};

struct Style {
  std::filesystem::path file;  // of the style itself; names it in messages
  std::string name;
  std::string description;
  std::string licence;
  std::filesystem::path encoder;
  std::filesystem::path face;
  std::filesystem::path child;  // empty: none
  // The shapes the photo is given before the encoder sees it, as the style's teacher gave them.
  std::optional<face::CartoonGeometry> geometry;
  Blend blend;
  double psi = 1;
  double likeness = 1;
};

// Reads a style file; the networks' paths come out relative to its folder. Throws Error naming file, line or
// key: not TOML, a key missing, unknown, of a wrong type or out of range, or a network that is not there.
Style load_style(const std::filesystem::path& file);

// load_style of the file or model name (base/model_path.h).
Style find_style(const std::string& name_or_file);

// Throws Error where psi is not in [0, 2], likeness not in [0, 1], or the blend's numbers are out of range.
void check_style(const Style& style);

}  // namespace toonmirror::toon
