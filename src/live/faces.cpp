#include "live/faces.h"

#include <cmath>

namespace toonmirror::live {

LiveFaceFinder::LiveFaceFinder(tracking::SharedMeshPredictor mesh, int detect_every, tracking::NoFace no_face)
    : tracker_(std::move(mesh), {.detect_every = detect_every, .no_face = no_face, .meshes = true}) {}

void LiveFaceFinder::measure_jitter(const std::vector<face::Face>& faces) {
  if (faces.empty() || last_.empty() || !faces.front().seen ||
      faces.front().track_id != last_.front().track_id)
    return;
  double sum = 0;
  for (size_t i = 0; i < face::kLandmarkCount; ++i) {
    const cv::Point2d moved = faces.front().landmarks[i] - last_.front().landmarks[i];
    sum += moved.dot(moved);
  }
  const double moved_px = std::sqrt(sum / face::kLandmarkCount);
  constexpr double kAtRest = 0.01, kSmooth = 0.05;  // of the face's box
  if (moved_px < kAtRest * faces.front().box.width)
    jitter_px_ = jitter_px_ + kSmooth * (moved_px - jitter_px_);
}

std::vector<face::Face> LiveFaceFinder::find(const cv::Mat& rgb, double time_s, toon::FaceChoice choice) {
  std::vector<face::Face> faces = tracker_.update(rgb, time_s);
  follower_.choose(choice);
  follower_.keep_chosen(faces, time_s);
  measure_jitter(faces);
  last_ = faces;
  return faces;
}

}  // namespace toonmirror::live
