#include "toon/driving.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "nets/driving_motion.h"
#include "toon/avatar.h"
#include "toon/draw_faces.h"
#include "toon/face_follower.h"
#include "toon/pictures.h"
#include "tracking/tracker.h"

namespace toonmirror::toon {
namespace {

std::vector<nets::Point> points_of(const face::Landmarks& landmarks) {
  std::vector<nets::Point> points;
  for (const cv::Point2d& point : landmarks) points.push_back({point.x, point.y});
  return points;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void choose_squares(std::vector<DrivingFrame>& frames) {
  constexpr double kRoom = 0.3;         // of the side: how far a face may go before the square follows
  constexpr double kSmoothing_s = 0.7;  // standard deviation of the square's own movement
  std::vector<double> sides, xs, ys;
  std::vector<face::FaceSquare> own;
  for (DrivingFrame& frame : frames) {
    // Before the first face and where it is lost: the nearest square there is, set below.
    if (!frame.landmarks) continue;
    const face::FaceSquare square = motion_square(*frame.landmarks);
    sides.push_back(2 * square.right.x);
    xs.push_back(square.centre.x);
    ys.push_back(square.centre.y);
    frame.square = square;
  }
  if (sides.empty()) return;
  const double side = median(sides);
  const cv::Point2d rest(median(xs), median(ys));
  bool stays = true;
  for (size_t i = 0; i < xs.size(); ++i) {
    stays = stays && cv::norm(cv::Point2d(xs[i], ys[i]) - rest) < kRoom * side;
  }
  std::vector<cv::Point2d> centres(frames.size(), rest);
  if (!stays) {
    for (size_t i = 0; i < frames.size(); ++i) {
      cv::Point2d sum;
      double weights = 0;
      const auto add = [&](const DrivingFrame& frame) {
        const double t = (frame.time_s - frames[i].time_s) / kSmoothing_s;
        if (std::abs(t) > 3) return false;
        if (frame.landmarks) {
          const double weight = std::exp(-0.5 * t * t);
          sum += weight * frame.square.centre;
          weights += weight;
        }
        return true;
      };
      for (size_t j = i; j < frames.size() && add(frames[j]); ++j) {
      }
      for (size_t j = i; j-- > 0 && add(frames[j]);) {
      }
      if (weights > 0)
        centres[i] = sum / weights;
      else if (i > 0)
        centres[i] = centres[i - 1];
    }
  }
  for (size_t i = 0; i < frames.size(); ++i) frames[i].square = {centres[i], {side / 2, 0}};
}

void set_presence(std::vector<DrivingFrame>& frames) {
  tracking::Presence presence(kDrivingPresence);
  for (DrivingFrame& frame : frames) {
    frame.presence = presence.update(frame.landmarks.has_value(), frame.time_s);
  }
}

Driving analyse_driving(const std::filesystem::path& path, const tracking::FaceModels& face_models) {
  compute_in_this_thread_alone();
  media::VideoReader reader(path, {.square_pixels = true});
  tracking::Tracker tracker(face_models.mesh);
  FaceFollower follower;
  Driving driving;
  driving.info = reader.info();
  Progress progress({.label = path.filename().string() + " (driving)",
                     .total = driving.info.frame_count,
                     .count_faces = true});
  for (media::Frame frame; reader.read(frame);) {
    throw_if_interrupted();
    std::vector<face::Face> faces = tracker.update(picture_of(frame), frame.seconds());
    follower.keep_chosen(faces, frame.seconds());
    DrivingFrame& seen = driving.frames.emplace_back();
    seen.time_s = frame.seconds();
    seen.pts = frame.pts;
    seen.duration = frame.duration;
    const bool has_face = !faces.empty() && faces.front().seen;
    if (has_face) seen.landmarks = faces.front().landmarks;
    driving.frames_with_face += has_face ? 1 : 0;
    progress.advance(1, has_face ? 1 : 0);
  }
  if (driving.frames.size() < 2) {
    throw Error(path.string() + ": has only one picture, so nothing moves", "a driving video has to move");
  }
  if (driving.frames_with_face == 0) {
    throw Error(path.string() + ": no face found that could drive the picture",
                "faces are found when they look roughly at the camera and are upright");
  }
  if (reader.warnings().count > 0) driving.warnings.push_back(reader.warnings().summary());
  choose_squares(driving.frames);
  set_presence(driving.frames);
  return driving;
}

size_t best_frame(const Driving& driving, const face::Landmarks& source) {
  std::vector<std::vector<nets::Point>> landmarks;
  size_t first_with_face = 0;
  for (size_t i = 0; i < driving.frames.size(); ++i) {
    const DrivingFrame& frame = driving.frames[i];
    landmarks.push_back(frame.landmarks ? points_of(*frame.landmarks) : std::vector<nets::Point>());
    if (frame.landmarks && !driving.frames[first_with_face].landmarks) first_with_face = i;
  }
  const std::optional<nets::BestFrame> best = nets::find_best_frame(points_of(source), landmarks);
  return best ? best->frame : first_with_face;
}

}  // namespace toonmirror::toon
