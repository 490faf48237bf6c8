// A live puppet: a camera's face moves an avatar, frame by frame.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <vector>

#include "face/face.h"
#include "face/one_euro.h"
#include "toon/animator.h"

namespace toonmirror::toon {

// One thread at a time. Costs nothing beside the key points and the drawing of every frame.
class Puppet {
 public:
  explicit Puppet(Animator animator);

  // The next frame (CV_8UC3 RGB) with the face that drives (with its mesh), or without any: then the puppet holds still for
  // 0.4 s, and comes to rest within 0.8 s. Returns the avatar's square, as Animator draws it.
  cv::Mat update(const cv::Mat& rgb, const std::optional<face::Face>& face, double time_s);

  // Takes the pose of the next frame with a face for the one that the avatar's picture shows.
  void recalibrate() { wanted_ = true; }

  // How often the reference has changed, by hand or because a frame came that is much more like the avatar's
  // picture. A change is eased in within half a second.
  int calibrations() const { return calibrations_; }

  const Animator& animator() const { return animator_; }

 private:
  // How far the face is from the avatar's picture in pose and expression; nothing where that cannot be told.
  std::optional<double> distance_of(const nets::KeyPoints& key_points, const face::Landmarks& landmarks);
  void choose_reference(const nets::KeyPoints& key_points, const face::Landmarks& landmarks, double time_s);
  face::FaceSquare steady_square(const face::Landmarks& landmarks, double interval_s);

  Animator animator_;
  std::optional<std::vector<nets::Point>> avatar_pose_;
  face::OneEuroFilter square_filter_;
  double side_ = 0;
  bool wanted_ = true;
  int calibrations_ = 0;
  double distance_ = 0;        // distance_of() the reference's frame
  double usual_eyes_ = 0;      // how far the driving eyes are open, slowly following
  nets::KeyPoints from_, to_;  // references that are eased between
  double changed_s_ = 0;
  nets::KeyPoints last_;
  tracking::Presence presence_{kDrivingPresence};
  double last_time_s_ = 0;
};

}  // namespace toonmirror::toon
