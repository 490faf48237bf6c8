#include "toon/puppet.h"

#include <algorithm>

#include "toon/face_look.h"

namespace toonmirror::toon {
namespace {

constexpr double kEaseReference_s = 0.5;
constexpr double kMuchNearer = 0.6;  // of the reference's distance, before another frame replaces it
constexpr double kEyesShare = 0.02;  // by which the usual opening of the eyes follows, each frame
constexpr double kSideShare = 0.05;  // by which the square's size follows the face's, each frame
constexpr face::OneEuroOptions kSteady = {.min_cutoff_hz = 0.3, .beta = 1.5};

std::vector<nets::Point> points_of(const face::Landmarks& landmarks) {
  std::vector<nets::Point> points;
  for (const cv::Point2d& point : landmarks) points.push_back({point.x, point.y});
  return points;
}

nets::KeyPoints between(const nets::KeyPoints& a, const nets::KeyPoints& b, double share) {
  return share >= 1 || !has_face(a) ? b : a.towards(b, share);
}

}  // namespace

Puppet::Puppet(Animator animator)
    : animator_(std::move(animator)),
      avatar_pose_(nets::normalized_landmarks(points_of(animator_.avatar().landmarks))),
      square_filter_(kSteady) {}

face::FaceSquare Puppet::steady_square(const face::Landmarks& landmarks, double interval_s) {
  face::FaceSquare square = motion_square(landmarks);
  side_ = side_ == 0 ? square.right.x : side_ + kSideShare * (square.right.x - side_);
  square_filter_.update({&square.centre, 1}, side_, interval_s);
  square.right = {side_, 0};
  return square;
}

std::optional<double> Puppet::distance_of(const nets::KeyPoints& key_points,
                                          const face::Landmarks& landmarks) {
  if (const at::Tensor& rest = animator_.avatar().source.key_points.mesh; rest.defined()) {
    const FaceLook look = look_of(key_points.mesh[0]);
    usual_eyes_ = usual_eyes_ == 0 ? look.eyes : usual_eyes_ + kEyesShare * (look.eyes - usual_eyes_);
    return look_distance(look_of(rest[0]), look, usual_eyes_);
  }
  const auto pose = nets::normalized_landmarks(points_of(landmarks));
  if (!pose || !avatar_pose_) return std::nullopt;
  return nets::pose_distance(*avatar_pose_, *pose);
}

void Puppet::choose_reference(const nets::KeyPoints& key_points, const face::Landmarks& landmarks,
                              double time_s) {
  const std::optional<double> distance = distance_of(key_points, landmarks);
  if (!wanted_ && !(distance && *distance < kMuchNearer * distance_)) return;
  const double eased = (time_s - changed_s_) / kEaseReference_s;
  from_ = has_face(to_) ? between(from_, to_, eased) : key_points;
  to_ = key_points;
  changed_s_ = time_s;
  distance_ = distance.value_or(0);
  wanted_ = false;
  ++calibrations_;
}

cv::Mat Puppet::update(const cv::Mat& rgb, const std::optional<face::Face>& face, double time_s) {
  const double interval_s = std::max(time_s - last_time_s_, 1e-3);
  last_time_s_ = time_s;
  const double presence = presence_.update(face.has_value(), time_s);
  if (face) {
    const face::FaceSquare square = steady_square(face->landmarks, interval_s);
    const cv::Mat crop = animator_.reads_pictures()
                             ? face::warp_crop(rgb, face::align_square(square, kMotionSize_px))
                             : cv::Mat();
    last_ = animator_.detect(crop, mesh_in_square(face->mesh, square));
    choose_reference(last_, face->landmarks, time_s);
  }
  if (!has_face(last_)) return animator_.draw(animator_.avatar().source.key_points);
  animator_.set_reference(between(from_, to_, (time_s - changed_s_) / kEaseReference_s));
  return animator_.draw(animator_.follow(last_, presence));
}

}  // namespace toonmirror::toon
