#include "live/faces.h"

#include <cmath>

namespace toonmirror::live {

LiveFaceFinder::LiveFaceFinder(face::SharedLandmarkPredictor predictor, int detect_every)
    : predictor_(std::move(predictor)),
      detect_every_(detect_every),
      tracker_(predictor_, {.detect_every = detect_every}) {}

void LiveFaceFinder::detect_every(int pictures) {
  if (pictures == detect_every_) return;
  detect_every_ = pictures;
  tracker_ = face::Tracker(predictor_, {.detect_every = pictures});
}

void LiveFaceFinder::measure_jitter(const std::vector<face::Face>& faces) {
  if (faces.empty() || last_.empty() || faces.front().track_id != last_.front().track_id) return;
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

LiveFaces LiveFaceFinder::find(const cv::Mat& rgb, double time_s, toon::FaceChoice choice) {
  LiveFaces found;
  found.faces = tracker_.update(rgb, time_s);
  follower_.choose(choice);
  follower_.keep_chosen(found.faces, time_s);
  measure_jitter(found.faces);
  const double presence = presence_.update(!found.faces.empty(), time_s);
  if (!found.faces.empty()) {
    last_ = found.faces;
  } else if (presence > 0) {
    found.faces = last_;
    found.presence = presence;
  }
  return found;
}

}  // namespace toonmirror::live
