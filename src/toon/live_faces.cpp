#include "toon/live_faces.h"

#include <algorithm>
#include <cmath>

namespace toonmirror::toon {
namespace {

constexpr double kHold_s = 0.25, kFade_s = 0.35;
constexpr double kLoyal_s = 2;

cv::Point2f centre(const face::Face& face) { return (face.box.tl() + face.box.br()) / 2; }

}  // namespace

LiveFaceFinder::LiveFaceFinder(face::SharedLandmarkPredictor predictor, int detect_every)
    : predictor_(std::move(predictor)),
      detect_every_(detect_every),
      tracker_(predictor_, {.detect_every = detect_every}) {}

void LiveFaceFinder::detect_every(int pictures) {
  if (pictures == detect_every_) return;
  detect_every_ = pictures;
  tracker_ = face::Tracker(predictor_, {.detect_every = pictures});
}

void LiveFaceFinder::keep_chosen(std::vector<face::Face>& faces, double time_s) {
  const bool loyal = time_s - chosen_s_ < kLoyal_s;
  auto kept = std::ranges::find(faces, chosen_.track_id, &face::Face::track_id);
  if (!loyal || chosen_s_ < 0) {
    kept = std::ranges::max_element(faces, {}, [](const face::Face& face) { return face.box.width; });
  } else if (kept == faces.end()) {
    kept = std::ranges::min_element(
        faces, {}, [&](const face::Face& face) { return cv::norm(centre(face) - centre(chosen_)); });
    const bool at_its_place = kept != faces.end() &&
                              cv::norm(centre(*kept) - centre(chosen_)) < chosen_.box.width &&
                              std::abs(std::log2(kept->box.width / chosen_.box.width)) < 1;
    if (!at_its_place) kept = faces.end();
  }
  if (kept == faces.end()) {
    faces.clear();
    return;
  }
  chosen_ = *kept;
  chosen_s_ = time_s;
  faces = {chosen_};
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

LiveFaces LiveFaceFinder::find(const cv::Mat& rgb, double time_s, FaceChoice choice) {
  LiveFaces found;
  found.faces = tracker_.update(rgb, time_s);
  if (choice == FaceChoice::kLargest && !found.faces.empty()) keep_chosen(found.faces, time_s);
  measure_jitter(found.faces);
  if (!found.faces.empty()) {
    last_ = found.faces;
    last_s_ = time_s;
    return found;
  }
  const double lost_s = time_s - last_s_;
  if (lost_s >= kHold_s + kFade_s) return found;
  found.faces = last_;
  found.presence = 1 - std::clamp((lost_s - kHold_s) / kFade_s, 0.0, 1.0);
  return found;
}

}  // namespace toonmirror::toon
