// The control panel, the figures and the help: what Dear ImGui draws over the picture.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "live/settings.h"
#include "media/capture.h"
#include "toon/style.h"

namespace toonmirror::display {

// Of the last seconds, for people.
struct Figures {
  double fps = 0;
  double latency_p50_ms = 0, latency_p95_ms = 0;  // from captured to presented
  media::CaptureStatus camera;
  live::LiveStatistics live;
  std::string painter;
  bool recording = false;
  double recorded_s = 0;
};

// What the panel shows and changes. Optionals are set where the user asked for something.
struct PanelState {
  bool panel = false, figures = true, help = false;  // which are shown
  std::vector<std::string> styles;                   // that can be chosen, by name
  std::map<std::string, cv::Mat> samples;            // a small picture of some styles, CV_8UC3 RGB square
  std::string style;                                 // in use
  toon::Style recipe;                                // its blend, psi and likeness
  live::LiveSettings settings;
  std::vector<int64_t> resolutions;   // of the generator's blocks
  int latent_rows = 0;                // of W+
  std::string driving;                // video of the mode animate
  std::string camera;                 // source
  std::string recipe_file, mix_file;  // as typed: a style's .toml; saved latents, empty: a seed's
  std::string notice;                 // a line at the bottom

  std::optional<std::string> wanted_style, wanted_driving, wanted_camera, wanted_mix;
  bool recipe_changed = false, settings_changed = false;
  bool wants_capture = false, wants_recalibration = false, wants_recording = false, wants_snapshot = false,
       wants_recipe_saved = false, wants_avatar_exported = false;
};

// Textures of PanelState::samples.
using SampleTextures = std::map<std::string, void*>;

// Draws into the frame that Dear ImGui has begun.
void draw_panel(PanelState& state, const Figures& figures, const SampleTextures& samples = {});

}  // namespace toonmirror::display
