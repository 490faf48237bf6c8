// The live mirror: the newest picture of a camera becomes a cartoon, as soon as it can.
//
// Workers of one core each take turns: whoever is free takes the newest picture, finds its faces while the
// others draw theirs, draws, and hands it out unless a newer one was handed out meanwhile. Nothing is queued:
// what comes while all are busy is replaced by what comes after it.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/stage_timer.h"
#include "face/landmarks.h"
#include "media/capture.h"
#include "toon/compositor.h"
#include "toon/convert.h"
#include "toon/drawing_size.h"
#include "toon/toonifier.h"

namespace toonmirror::toon {

enum class LiveMode {
  kMirror,   // every picture is drawn
  kAnimate,  // a captured face, drawn once, is moved by a driving video
  kPuppet,   // a captured face, drawn once, is moved by the camera's
};

// What may be changed at any time.
struct LiveSettings {
  LiveMode mode = LiveMode::kMirror;
  PasteOptions paste = {};
  FaceChoice faces = FaceChoice::kAll;
  int size_px = DrawingSizes::kAuto;  // of the drawings; automatic quality may want them smaller
  double stability = 0.5;             // of the latents, 0 to 1 (latent_filter.h)
  bool square = false;                // hand out the drawing's square alone
  // Style mixing: rows of W+ from that one on move towards those of a saved face, or of a seed.
  at::Tensor mix_with;  // [1, rows, w_dim] as the style's own, or undefined: the seed
  uint32_t mix_seed = 0;
  double mix_share = 0;  // 0: none, 1: all of them
  int mix_from_row = 4;
};

struct LivePicture {
  int64_t index = 0;  // rising; pictures that were never finished leave gaps
  std::chrono::steady_clock::time_point captured;
  cv::Mat before, after;  // CV_8UC3 RGB; of one size in mirror mode, unless the square is wanted
  int faces = 0;
};

struct LiveStatistics {
  int64_t drawn = 0;
  std::vector<StageCost> stages;  // face, encoder, generator, paste; in the avatar modes motion
  double jitter_px = 0;  // of the landmarks of a face at rest, root mean square from picture to picture
  std::string quality = "full";  // what automatic quality has given up
  bool has_avatar = false;
  std::string message;  // what the user should know, such as a driving video that cannot be read
};

struct LiveOptions {
  int workers = 1;
  double target_fps = 0;               // automatic quality: 0: none
  std::filesystem::path motion_model;  // of the avatar modes
  at::ScalarType precision = at::kFloat;
};

class LiveMirror {
 public:
  // Begins at once. `camera` must outlive it.
  LiveMirror(media::Capture& camera, std::shared_ptr<Toonifier> toonifier,
             face::SharedLandmarkPredictor predictor, const LiveOptions& options);
  // Waits for what is being drawn, no longer than a picture takes.
  ~LiveMirror();
  LiveMirror(const LiveMirror&) = delete;
  LiveMirror& operator=(const LiveMirror&) = delete;

  // The newest finished picture that was not taken yet; waits for it up to `timeout`. Throws what a worker
  // could not go on with.
  std::optional<LivePicture> wait(std::chrono::milliseconds timeout);

  // Another camera from the next picture on; the one before may go then. It must outlive the mirror.
  void look_at(media::Capture& camera);

  LiveSettings settings() const;
  void set(const LiveSettings& settings);

  // Another style from the next picture on.
  void use(std::shared_ptr<Toonifier> toonifier);
  // Blend, psi and likeness of the present style; returns when they hold. Throws Error as
  // Toonifier::restyle.
  void restyle(const Style& style);
  Style style() const;

  // The next face becomes the avatar that is moved in the modes animate and puppet; worked out in the
  // background.
  void capture_avatar();
  // Takes the pose of the next face for the one in the avatar's picture.
  void recalibrate();
  // The video that moves the avatar in animate mode, looped.
  void drive_with(const std::filesystem::path& video);
  // Writes an avatar pack. Throws Error where there is no avatar yet, or it cannot be written.
  void export_avatar(const std::filesystem::path& path) const;

  LiveStatistics statistics() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace toonmirror::toon
