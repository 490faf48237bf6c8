// What a live window or a headless run does with the live pictures: shows figures, records, switches styles.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "display/panel.h"
#include "engine/compute.h"
#include "live/mirror.h"
#include "live/recorder.h"
#include "media/capture.h"
#include "media/virtual_camera.h"

namespace toonmirror::app {

struct LiveArguments {
  media::LiveInputOptions camera;
  std::string mode = "mirror", driving, style = toon::kDefaultStyle, motion_model = "motion";
  toon::PasteMode paste = toon::PasteMode::kHead;
  toon::FaceChoice faces = toon::FaceChoice::kAll;
  tracking::NoFace no_face = tracking::NoFace::kFade;
  toon::SceneChoice scene = toon::SceneChoice::kOfStyle;
  int size_px = toon::DrawingSizes::kAuto;
  std::string record, microphone = "auto", virtual_camera;
  double stability = 0.5, target_fps = 0;
  bool headless = false, json = false, software = false, full_screen = false;
  int64_t frames = 0;  // end after so many; 0: never
  engine::ComputeOptions compute;
};

class LiveSession {
 public:
  // Loads the style. Throws Error as Toonifier does, and for a virtual camera or a recording that cannot be.
  explicit LiveSession(const LiveArguments& arguments);
  ~LiveSession();

  // The newest picture; waits for it up to `timeout`. Throws Error where a file that is played as a camera
  // cannot be opened, or drawing failed.
  std::optional<live::LivePicture> wait(std::chrono::milliseconds timeout);
  // To be called when it was presented: counts, records, hands it to the virtual camera.
  void presented(const live::LivePicture& picture);

  // Everything the panel shows.
  display::PanelState& panel() { return panel_; }
  display::Figures figures() const;
  // Does what the user asked of the panel, and takes over a style that was loaded in the background.
  void obey_panel();

  void set_mode(live::LiveMode mode);
  void capture() { mirror_->capture_avatar(); }
  void recalibrate() { mirror_->recalibrate(); }
  void step_style(int by);
  void toggle_recording();
  void snapshot();
  void save_recipe();
  void export_avatar();

  // Completes a recording. Returns what was measured.
  void finish();
  std::string summary() const;
  std::string json() const;
  int64_t presented_count() const { return count_; }

 private:
  void use_style(const std::string& name);
  void mix_with(const std::string& file);
  void open_camera(const std::string& source);
  void take_style();
  void take_avatar();
  void begin_recording(const live::LivePicture& first);
  void end_recording();
  void notice(const std::string& text);
  // Half of the last `count` latencies, and 95 of 100, are below these, in ms.
  std::pair<double, double> latency_of_the_last(size_t count) const;
  std::filesystem::path new_file(const char* what, const char* extension) const;

  LiveArguments arguments_;
  engine::Compute compute_;
  tracking::FaceModels face_models_;
  std::shared_ptr<media::Capture> camera_;
  std::shared_ptr<toon::Toonifier> toonifier_;
  std::unique_ptr<live::LiveMirror> mirror_;
  std::unique_ptr<live::LiveRecorder> recorder_;
  std::filesystem::path recording_;
  bool recording_has_sound_ = false;
  std::unique_ptr<media::VirtualCamera> virtual_camera_;
  std::future<std::shared_ptr<toon::Toonifier>> coming_;
  std::string coming_name_;
  std::future<void> writing_;  // an avatar pack
  std::filesystem::path written_;
  display::PanelState panel_;
  std::chrono::steady_clock::time_point noticed_;

  live::LivePicture last_;
  int64_t count_ = 0;
  double interval_s_ = 0;  // between two pictures, smoothed
  std::chrono::steady_clock::time_point begin_, last_presented_;
  std::vector<double> latencies_ms_;  // of all pictures, in the order they were presented
  int64_t dropped_before_ = 0;        // while the style was loading
};

}  // namespace toonmirror::app
