// Moving an avatar: from the key points of a driving face to the avatar's picture.
#pragma once

#include <opencv2/core.hpp>

#include "nets/driving_motion.h"
#include "toon/avatar.h"

namespace toonmirror::toon {

inline constexpr int kLargestSquare_px = 1024;

// Shared by all threads: nothing changes after construction but the reference, which one thread sets while
// none draws.
class Animator {
 public:
  Animator(nets::MotionModel model, Avatar avatar, const nets::DrivingOptions& options);

  const Avatar& avatar() const { return avatar_; }

  // Whether driving pictures are looked at: relative motion of a face whose mesh is known needs none.
  bool reads_pictures() const { return !options_.relative || model_->options().mesh_kp == 0; }
  // Key points of a driving crop, CV_8UC3 of kMotionSize_px (empty unless reads_pictures()), with its face's mesh
  // (mesh_in_square()).
  nets::KeyPoints detect(const cv::Mat& crop, const at::Tensor& mesh) const;

  // The driving face's key points in the pose that the avatar's picture shows; relative motion is told from
  // there. Without one the first driving frame that is drawn should be it.
  void set_reference(const nets::KeyPoints& reference) { reference_ = reference; }

  // What the avatar's key points become. `presence` in [0, 1]: how much of the motion is followed, 0 being
  // the avatar at rest.
  nets::KeyPoints follow(const nets::KeyPoints& driving, double presence = 1.0) const;
  // The same, told from another reference than the one that was set.
  nets::KeyPoints follow_from(const nets::KeyPoints& reference, const nets::KeyPoints& driving,
                              double presence) const;

  // Side of the squares drawn, even: as large as the picture's, from kMotionSize_px to kLargestSquare_px. Of
  // a motion model that cannot say which part of the picture it kept (nets::MotionMaps): kMotionSize_px.
  int side_px() const { return side_px_; }

  // The square alone, CV_8UC3 of side_px(). The motion model draws kMotionSize_px; what the picture has of
  // finer detail is moved the same way and added wherever the model kept the picture.
  cv::Mat draw(const nets::KeyPoints& key_points) const;

  // The avatar's whole picture with that square, of any side, in its place; its border is soft, so that
  // shoulders and background run on.
  cv::Mat in_picture(const cv::Mat& square) const;

 private:
  void add_details(cv::Mat& square, const nets::MotionMaps& maps) const;

  mutable nets::MotionModel model_;  // LibTorch modules have no const members; nothing is changed
  Avatar avatar_;
  nets::DrivingOptions options_;
  nets::KeyPoints reference_;
  int side_px_ = kMotionSize_px;
  cv::Mat details_;  // CV_16SC3 of side_px_: the picture less itself at kMotionSize_px; empty: none
  cv::Mat pixel_;    // CV_32FC1 of side_px_: every pixel's column
  cv::Rect area_;    // of the picture that the square reaches
  cv::Mat weight_;   // CV_32FC1 of the area: share of the square
};

}  // namespace toonmirror::toon
