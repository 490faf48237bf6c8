// The avatar of the live mirror: a face drawn once, which the camera's face or a driving video moves.
// Internal to this layer; not to be used by two threads at once.
#pragma once

#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>

#include "base/stage_timer.h"
#include "live/faces.h"
#include "media/capture.h"
#include "nets/first_order_motion.h"
#include "toon/puppet.h"
#include "toon/toonifier.h"
#include "tracking/face_models.h"

namespace toonmirror::live {

class LiveAvatar {
 public:
  // The motion model is read when it is first needed. What moving costs is counted in `timer` as "motion".
  LiveAvatar(tracking::FaceModels face_models, std::filesystem::path motion_model, at::ScalarType precision,
             StageTimer& timer);

  bool exists() const { return puppet_ != nullptr; }

  // Draws the face of a photo, CV_8UC3 RGB. Throws Error where it has none or the motion model cannot be
  // read.
  void make(const cv::Mat& photo, const toon::Toonifier& toonifier);

  // What follows needs an avatar. Pictures are CV_8UC3 RGB: the avatar's square, or the picture around it.

  // Moved by a face in `rgb`; held where there is none.
  cv::Mat follow(const cv::Mat& rgb, const std::optional<face::Face>& face, double time_s, bool square);
  // Moved by the newest picture of the driving video; none where that is not due yet. Throws Error where the
  // video cannot be read.
  std::optional<cv::Mat> drive(bool square);
  // Unmoved.
  const cv::Mat& at_rest() const { return puppet_->animator().avatar().picture; }
  // Throws Error as write_avatar.
  void write(const std::filesystem::path& path) const;

  bool has_driving() const { return driving_ != nullptr; }
  // The driving video from now on.
  void drive_with(std::unique_ptr<media::Capture> video);
  // Takes the pose of the next face for the one in the avatar's picture.
  void recalibrate();

 private:
  const tracking::FaceModels face_models_;
  const std::filesystem::path motion_model_;
  const at::ScalarType precision_;
  StageTimer& timer_;
  nets::MotionModel motion_{nullptr};
  std::unique_ptr<toon::Puppet> puppet_;
  std::unique_ptr<media::Capture> driving_;
  std::unique_ptr<LiveFaceFinder> driving_finder_;
};

// A frame's pixels, not copied: of use as long as the frame.
cv::Mat picture_of(const media::LiveFrame& frame);

// Of a picture's capture, from the clock's own beginning.
double seconds_of(std::chrono::steady_clock::time_point time);

}  // namespace toonmirror::live
