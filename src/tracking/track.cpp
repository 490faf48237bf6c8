#include "tracking/track.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "face/alignment.h"
#include "face/geometry.h"
#include "face/landmarks.h"

namespace toonmirror::tracking {
namespace {

// The square may trail the face, since photo and drawing are cut and put back by the same square: it is
// steadied strongly. The landmarks place masks and must not trail. Unit: the square's side.
constexpr face::OneEuroOptions kSquareFilter{.min_cutoff_hz = 1.5, .beta = 8, .speed_cutoff_hz = 3};
constexpr face::OneEuroOptions kLandmarkFilter{.min_cutoff_hz = 16, .beta = 40, .speed_cutoff_hz = 4};

// What meshes move is drawn, and trembles with them.
constexpr face::OneEuroOptions kMeshFilter{.min_cutoff_hz = 6, .beta = 40, .speed_cutoff_hz = 4};

constexpr double kStays = 0.4,
                 kReturns = 0.7;           // presence of a face that was seen before, and of one that was not
constexpr double kMostStep = 0.3;          // of the box, from one picture to the next, by the velocity
constexpr double kFarFromExpected = 0.08;  // of the box: worth a second look
constexpr double kMostGrowth = 1.5;        // from one picture to the next
constexpr double kKeepsMoving_s = 0.3, kForgotten_s = 1.0;  // after it was last seen

void steady_mesh(std::vector<cv::Point3d>& mesh, face::OneEuroFilter& filter, double side,
                 double interval_s) {
  std::vector<cv::Point2d> numbers;  // all (x, y), then each depth
  numbers.reserve(2 * mesh.size());
  for (const cv::Point3d& point : mesh) numbers.emplace_back(point.x, point.y);
  for (const cv::Point3d& point : mesh) numbers.emplace_back(point.z, 0);
  filter.update(numbers, side, interval_s);
  for (size_t i = 0; i < mesh.size(); ++i) mesh[i] = {numbers[i].x, numbers[i].y, numbers[i + mesh.size()].x};
}

double side_of(const face::FaceSquare& square) { return 2 * cv::norm(square.right); }

}  // namespace

Track::Track(int id, const MeshFace& face, const Presence& presence)
    : id_(id),
      face_(face),
      box_(face::box_of(face.landmarks)),
      presence_(presence),
      landmark_filter_(kLandmarkFilter),
      square_filter_(kSquareFilter),
      mesh_filter_(kMeshFilter) {}

bool Track::forgotten() const { return unseen_s_ > kForgotten_s && presence_.value() <= 0; }

face::FaceSquare Track::expected_square(double interval_s) const {
  const cv::Point2d step = velocity_px_s_ * interval_s;
  const double reach = std::min(1.0, kMostStep * box_.width / std::max(cv::norm(step), 1e-6));
  return {face_.square.centre + step * reach, face_.square.right};
}

bool Track::is_plausible(const MeshFace& found, const cv::Size& picture) const {
  const double growth = side_of(found.square) / side_of(face_.square);
  return found.presence >= (seen() ? kStays : kReturns) && growth < kMostGrowth && growth > 1 / kMostGrowth &&
         face::share_inside(face::box_of(found.landmarks), picture) >= face::kLeastInside;
}

void Track::accept(const MeshFace& found) {
  face_ = found;
  box_ = face::box_of(found.landmarks);
  unseen_s_ = 0;
}

void Track::follow(const cv::Mat& rgb, const MeshPredictor& mesh, double interval_s) {
  face_before_ = face_;
  velocity_before_ = velocity_px_s_;
  unseen_before_s_ = unseen_s_;
  interval_s_ = interval_s;
  const face::FaceSquare expected = expected_square(interval_s);
  MeshFace found = mesh.predict(rgb, expected);
  const auto away = [&] { return cv::norm(found.square.centre - expected.centre) / box_.width; };
  if (found.presence >= kStays && away() > kFarFromExpected) found = mesh.predict(rgb, found.square);
  surprise_ = away();
  if (is_plausible(found, rgb.size())) {
    accept(found);
    velocity_px_s_ =
        0.5 * velocity_px_s_ + 0.5 * (face_.square.centre - face_before_.square.centre) / interval_s;
  } else {
    take_back();
  }
}

void Track::take_back() {
  face_ = face_before_;
  velocity_px_s_ = velocity_before_;
  unseen_s_ = unseen_before_s_ + interval_s_;
  if (unseen_s_ > kKeepsMoving_s) velocity_px_s_ = {};
  const cv::Point2d step = expected_square(interval_s_).centre - face_.square.centre;
  face_.square.centre += step;
  for (cv::Point2d& point : face_.landmarks) point += step;
  box_ = face::box_of(face_.landmarks);
}

void Track::find_again(const MeshFace& face) {
  velocity_px_s_ = {};
  accept(face);
}

face::Face Track::steady_face(double interval_s, bool with_mesh) {
  age_s_ += interval_s;
  face::Face face;
  face.square = face::ffhq_square(face_.landmarks);
  const double side = side_of(face.square);
  std::array<cv::Point2d, 2> square = {face.square.centre, face.square.right};
  square_filter_.update(square, side, interval_s);
  face.square = {square[0], square[1]};
  face.landmarks = face_.landmarks;
  landmark_filter_.update(face.landmarks, side, interval_s);
  if (with_mesh && seen()) {
    face.mesh = face_.points;
    steady_mesh(face.mesh, mesh_filter_, side, interval_s);
  }
  face.box = face::box_of(face.landmarks);
  face.track_id = id_;
  face.seen = seen();
  face.shown = presence_.update(seen(), age_s_);
  face.confidence = static_cast<float>(face_.presence);
  return face;
}

}  // namespace toonmirror::tracking
