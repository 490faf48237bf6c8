// The live mirror: the newest picture of a camera becomes a cartoon, as soon as it can.
//
// Workers of one core each take turns: whoever is free takes the newest picture, finds its faces while the
// others draw theirs, draws, and hands it out unless a newer one was handed out meanwhile. Nothing is queued:
// what comes while all are busy is replaced by what comes after it.
#pragma once

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "live/settings.h"
#include "media/capture.h"
#include "toon/toonifier.h"
#include "tracking/face_models.h"
#include "tracking/no_face.h"

namespace toonmirror::live {

struct LivePicture {
  int64_t index = 0;  // rising; pictures that were never finished leave gaps
  std::chrono::steady_clock::time_point captured;
  cv::Mat before, after;  // CV_8UC3 RGB; of one size in mirror mode, unless the square is wanted
  int faces = 0;
};

struct LiveOptions {
  int workers = 1;
  double target_fps = 0;  // automatic quality: 0: none
  tracking::NoFace no_face = tracking::NoFace::kFade;
  std::filesystem::path motion_model;  // of the avatar modes
  at::ScalarType precision = at::kFloat;
};

class LiveMirror {
 public:
  // Begins at once.
  LiveMirror(std::shared_ptr<media::Capture> camera, std::shared_ptr<toon::Toonifier> toonifier,
             tracking::FaceModels face_models, const LiveOptions& options);
  // Waits for what is being drawn, no longer than a picture takes.
  ~LiveMirror();
  LiveMirror(const LiveMirror&) = delete;
  LiveMirror& operator=(const LiveMirror&) = delete;

  // The newest finished picture that was not taken yet; waits for it up to `timeout`. Throws what a worker
  // could not go on with.
  std::optional<LivePicture> wait(std::chrono::milliseconds timeout);

  // What follows returns at once; a worker does it between two pictures. What goes wrong there is told by
  // LiveStatistics::message.

  // Another camera from the next picture on.
  void look_at(std::shared_ptr<media::Capture> camera);

  LiveSettings settings() const;
  // Throws Error where a number is out of range.
  void set(const LiveSettings& settings);
  // The face that rows are mixed with, W+ [1, rows, w_dim] as the style's own, or undefined: the seed's.
  void mix_with(const at::Tensor& w_plus);

  // Another style.
  void use(std::shared_ptr<toon::Toonifier> toonifier);
  // Blend, psi and likeness of the present style, as Toonifier::restyle. Throws Error as toon::check_style.
  void restyle(const toon::Style& style);
  // As asked for last.
  toon::Style style() const;

  // The next face becomes the avatar that is moved in the modes animate and puppet; worked out in the
  // background.
  void capture_avatar();
  // Takes the pose of the next face for the one in the avatar's picture.
  void recalibrate();
  // The video that moves the avatar in animate mode, looped.
  void drive_with(const std::filesystem::path& video);
  // Writes an avatar pack. The future holds an Error where there is no avatar yet, or it cannot be written.
  std::future<void> export_avatar(const std::filesystem::path& path);

  LiveStatistics statistics() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace toonmirror::live
