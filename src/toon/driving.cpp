#include "toon/driving.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "nets/driving_motion.h"
#include "toon/avatar.h"
#include "toon/draw_faces.h"
#include "toon/face_follower.h"
#include "toon/face_look.h"
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

namespace {

// Frames of one shot, none of which is empty.
std::vector<std::span<DrivingFrame>> shots_of(std::vector<DrivingFrame>& frames) {
  std::vector<std::span<DrivingFrame>> shots;
  for (size_t first = 0, next; first < frames.size(); first = next) {
    next = first;
    while (next < frames.size() && frames[next].shot == frames[first].shot) ++next;
    shots.emplace_back(&frames[first], next - first);
  }
  return shots;
}

void choose_squares_of_shot(std::span<DrivingFrame> frames) {
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

}  // namespace

void choose_squares(std::vector<DrivingFrame>& frames) {
  for (const std::span<DrivingFrame> shot : shots_of(frames)) choose_squares_of_shot(shot);
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
  tracking::Tracker tracker(face_models.mesh, {.meshes = true});
  FaceFollower follower;
  Driving driving;
  driving.info = reader.info();
  std::optional<int> followed;  // track
  int shot = 0;
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
    if (has_face) {
      seen.landmarks = faces.front().landmarks;
      if (followed && *followed != faces.front().track_id) ++shot;
      followed = faces.front().track_id;
      seen.mesh.assign(faces.front().mesh.begin(), faces.front().mesh.end());
    }
    seen.shot = shot;
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

namespace {

using Frames = std::span<const DrivingFrame>;

// Indices in `frames`; nothing where none can be compared.
std::optional<size_t> nearest_by_landmarks(Frames frames, const face::Landmarks& source) {
  std::vector<std::vector<nets::Point>> landmarks;
  for (const DrivingFrame& frame : frames) {
    landmarks.push_back(frame.landmarks ? points_of(*frame.landmarks) : std::vector<nets::Point>());
  }
  const std::optional<nets::BestFrame> best = nets::find_best_frame(points_of(source), landmarks);
  return best ? std::optional(best->frame) : std::nullopt;
}

std::optional<size_t> nearest_by_look(Frames frames, const at::Tensor& source) {
  std::vector<std::pair<size_t, FaceLook>> looks;
  std::vector<double> eyes;
  for (size_t i = 0; i < frames.size(); ++i) {
    if (frames[i].mesh.empty()) continue;
    looks.emplace_back(
        i, look_of(mesh_in_square({frames[i].mesh.begin(), frames[i].mesh.end()}, frames[i].square)[0]));
    eyes.push_back(looks.back().second.eyes);
  }
  if (looks.empty()) return std::nullopt;
  const FaceLook wanted = look_of(source);
  const double usual_eyes = median(eyes);
  return std::ranges::min_element(
             looks, {}, [&](const auto& look) { return look_distance(wanted, look.second, usual_eyes); })
      ->first;
}

}  // namespace

std::vector<size_t> reference_frames(const Driving& driving, const Avatar& avatar, bool first) {
  const at::Tensor& mesh = avatar.source.key_points.mesh;
  const Frames all(driving.frames);
  std::vector<size_t> references;
  while (references.size() < all.size()) {
    const size_t begin = references.size();
    const auto next_shot = std::ranges::find_if(
        all.subspan(begin), [&](const DrivingFrame& frame) { return frame.shot != all[begin].shot; });
    const Frames shot(all.begin() + static_cast<int64_t>(begin), next_shot);
    std::optional<size_t> chosen;
    if (!first)
      chosen = mesh.defined() ? nearest_by_look(shot, mesh[0]) : nearest_by_landmarks(shot, avatar.landmarks);
    if (!chosen) {
      const auto seen =
          std::ranges::find_if(shot, [](const DrivingFrame& f) { return f.landmarks.has_value(); });
      chosen = seen == shot.end() ? 0 : static_cast<size_t>(seen - shot.begin());
    }
    references.resize(begin + shot.size(), begin + *chosen);
  }
  return references;
}

}  // namespace toonmirror::toon
