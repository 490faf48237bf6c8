#include "face/track.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "face/alignment.h"
#include "face/geometry.h"
#include "face/warp.h"

namespace toonmirror::face {

namespace {

// The square may trail the face, since photo and drawing are cut and put back by the same square: it is
// steadied strongly. The landmarks place masks and must not trail. Unit: the square's side.
constexpr OneEuroOptions kSquareFilter{.min_cutoff_hz = 0.7, .beta = 8, .speed_cutoff_hz = 3};
constexpr OneEuroOptions kLandmarkFilter{.min_cutoff_hz = 4, .beta = 40, .speed_cutoff_hz = 4};

constexpr double kConfirmScore = 0;  // the detector sees the face
constexpr double kWeakScore = -0.4;  // it half sees it (a turned head): neither confirmed nor missing
constexpr int kProbationFrames = 3;  // a new face that is missed so early was none
constexpr double kMostStep = 0.3;    // of the box, from one frame to the next, by the velocity
constexpr float kDetectionShare = 0.75F;
constexpr double kRollKept = 0.8;      // below 1, so that a wrong roll does not keep itself alive
constexpr float kDriftOverlap = 0.4F;  // landmarks and detector disagree: start the landmarks anew
constexpr double kNearStart = 0.06;    // of the box
constexpr float kMostGrowth = 1.5F;    // of an unconfirmed box from one frame to the next
constexpr double kLeastCorrelation = 0.3;
constexpr double kLeastContrast = 3;  // grey levels; below, the picture has gone black
constexpr int kPatchPx = 24;

cv::Mat patch_at(const cv::Mat& rgb, const cv::Rect2f& box) {
  const double scale = box.width / kPatchPx;
  const cv::Point2d origin = centre_of(box) - 0.5 * (kPatchPx - 1) * scale * cv::Point2d(1, 1);
  cv::Mat grey, patch;
  cv::cvtColor(resample(rgb, cv::Matx23d(scale, 0, origin.x, 0, scale, origin.y), {kPatchPx, kPatchPx},
                        cv::INTER_LINEAR, cv::BORDER_REPLICATE),
               grey, cv::COLOR_RGB2GRAY);
  grey.convertTo(patch, CV_32F);
  return patch;
}

cv::Rect2f moved(const cv::Rect2f& box, const cv::Point2d& by) {
  return {static_cast<float>(box.x + by.x), static_cast<float>(box.y + by.y), box.width, box.height};
}

cv::Rect2f between(const cv::Rect2f& a, const cv::Rect2f& b, float share_of_b) {
  const auto mix = [&](float x, float y) { return x + share_of_b * (y - x); };
  return {mix(a.x, b.x), mix(a.y, b.y), mix(a.width, b.width), mix(a.height, b.height)};
}

}  // namespace

Track::Track(int id, const Detection& detection, const Landmarks& landmarks, const cv::Mat& rgb)
    : id_(id),
      score_(detection.score),
      landmarks_(landmarks),
      box_(box_of(landmarks)),
      patch_(patch_at(rgb, box_)),
      landmark_filter_(kLandmarkFilter),
      square_filter_(kSquareFilter) {}

cv::Rect2f Track::expected_box(double interval_s) const {
  const cv::Point2d step = velocity_px_s_ * interval_s;
  const double reach = std::min(1.0, kMostStep * box_.width / std::max(cv::norm(step), 1e-6));
  return moved(box_, step * reach);
}

void Track::fit(const cv::Mat& rgb, const LandmarkPredictor& predictor, const cv::Rect2f& expected,
                const std::optional<Detection>& hit) {
  const double roll = kRollKept * roll_of(landmarks_);
  if (hit) {
    // Landmarks that start from the last landmarks alone drift off a turned head; from the detection alone
    // they jump with its coarse grid.
    landmarks_ = predictor.predict(rgb, between(expected, hit->box, kDetectionShare), roll);
    if (overlap(hit->box, box_of(landmarks_)) < kDriftOverlap) {
      landmarks_ = locate_landmarks(predictor, rgb, hit->box);
    }
  } else {
    landmarks_ = predictor.predict(rgb, expected, roll);
    // A result away from its start is still pulled back to it.
    if (cv::norm(centre_of(box_of(landmarks_)) - centre_of(expected)) > kNearStart * expected.width) {
      landmarks_ = predictor.predict(rgb, box_of(landmarks_), roll);
    }
  }
  box_ = box_of(landmarks_);
}

bool Track::looks_like_before(const cv::Mat& rgb) const {
  const cv::Mat patch = patch_at(rgb, box_);
  cv::Scalar mean, contrast;
  cv::meanStdDev(patch, mean, contrast);
  cv::Mat correlation;
  cv::matchTemplate(patch, patch_, correlation, cv::TM_CCOEFF_NORMED);
  return contrast[0] > kLeastContrast && correlation.at<float>(0, 0) > kLeastCorrelation;
}

bool Track::follow(const cv::Mat& rgb, const LandmarkPredictor& predictor, Detector& detector,
                   double interval_s, int hold_frames) {
  ++age_frames_;
  const cv::Rect2f before = box_;
  const cv::Rect2f expected = expected_box(interval_s);
  const std::optional<Detection> hit = detector.detect_near(rgb, expected, kWeakScore);
  const bool confirmed = hit && hit->score >= kConfirmScore;
  fit(rgb, predictor, expected, confirmed ? hit : std::nullopt);
  velocity_px_s_ = 0.5 * velocity_px_s_ + 0.5 * (centre_of(box_) - centre_of(before)) / interval_s;
  if (share_inside(box_, rgb.size()) < kLeastInside) {
    return false;
  }
  if (confirmed) {
    score_ = hit->score;
    unconfirmed_frames_ = 0;
    patch_ = patch_at(rgb, box_);
    return true;
  }
  unconfirmed_frames_ += hit ? 0 : 1;
  const int patience = age_frames_ <= kProbationFrames ? 0 : hold_frames;
  const float growth = box_.width / before.width;
  return unconfirmed_frames_ <= patience && growth > 1 / kMostGrowth && growth < kMostGrowth &&
         looks_like_before(rgb);
}

void Track::confirm(const Detection& detection) {
  score_ = detection.score;
  unconfirmed_frames_ = 0;
}

Face Track::steady_face(double interval_s) {
  Face face;
  face.square = ffhq_square(landmarks_);
  const double side = 2 * cv::norm(face.square.right);
  std::array<cv::Point2d, 2> square = {face.square.centre, face.square.right};
  square_filter_.update(square, side, interval_s);
  face.square = {square[0], square[1]};
  face.landmarks = landmarks_;
  landmark_filter_.update(face.landmarks, side, interval_s);
  face.box = box_of(face.landmarks);
  face.track_id = id_;
  face.confidence = score_;
  return face;
}

}  // namespace toonmirror::face
