#include "face/landmarks.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/model_path.h"
#include "face/alignment.h"
#include "face/dlib_models.h"
#include "face/geometry.h"
#include "face/warp.h"

namespace toonmirror::face {

namespace {

constexpr const char* kModelName = "shape_predictor_68_face_landmarks.dat";

// dlib rounds landmarks to whole pixels of the picture it is given; a face of this size makes that 1/400 of
// the box.
constexpr int kBoxPx = 200;
constexpr int kWindowPx = 320;

cv::Rect box_in_window(int dx, int dy, int side) {
  return {(kWindowPx - side) / 2 + dx, (kWindowPx - side) / 2 + dy, side, side};
}

// The trees' result depends a little, and in steps, on the box they start from. Four starts around the given
// box, by the detector's own uncertainty, cost little beside the resampling and lessen tremble by a third;
// outliers are dropped.
const std::array<cv::Rect, 4> kBoxes = {box_in_window(8, 8, 208), box_in_window(-8, 8, 192),
                                        box_in_window(-8, -8, 208), box_in_window(8, -8, 192)};

// The mean of the middle two, for each coordinate.
double consensus(std::array<double, 4> votes) {
  std::sort(votes.begin(), votes.end());
  return 0.5 * (votes[1] + votes[2]);
}

Landmarks consensus(const std::array<Landmarks, 4>& votes) {
  Landmarks landmarks;
  for (int i = 0; i < kLandmarkCount; ++i) {
    landmarks[i].x = consensus({votes[0][i].x, votes[1][i].x, votes[2][i].x, votes[3][i].x});
    landmarks[i].y = consensus({votes[0][i].y, votes[1][i].y, votes[2][i].y, votes[3][i].y});
  }
  return landmarks;
}

}  // namespace

std::filesystem::path find_landmark_model(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (!path.empty()) {
    if (!fs::is_regular_file(path, ignored)) {
      throw Error(path.string() + ": landmark model not found");
    }
    return path;
  }
  std::vector<fs::path> candidates;
  if (const char* file = std::getenv("TOONMIRROR_LANDMARKS"); file != nullptr && *file != '\0') {
    candidates.emplace_back(file);
  }
  for (const fs::path& folder : model_folders()) {
    candidates.push_back(folder / kModelName);
  }
  for (const char* folder : {"/usr/local/share/dlib", "/usr/share/dlib"}) {
    candidates.push_back(fs::path(folder) / kModelName);
  }
  for (const fs::path& candidate : candidates) {
    if (fs::is_regular_file(candidate, ignored)) {
      return candidate;
    }
  }
  throw Error(std::string(kModelName) + ": landmark model not found",
              "install the Debian package libdlib-data, or name the file in TOONMIRROR_LANDMARKS");
}

LandmarkPredictor::LandmarkPredictor(const std::filesystem::path& file)
    : model_(std::make_unique<const ShapeModel>(file)) {}

LandmarkPredictor::~LandmarkPredictor() = default;

Landmarks LandmarkPredictor::predict(const cv::Mat& rgb, const cv::Rect2f& box, double roll_rad) const {
  require_rgb(rgb, "landmarks");
  const double scale = std::max(box.width, 1.0F) / kBoxPx;
  const double c = scale * std::cos(roll_rad);
  const double s = scale * std::sin(roll_rad);
  const cv::Point2d centre = centre_of(box);
  const double middle = 0.5 * (kWindowPx - 1);
  const cv::Matx23d frame_from_window(c, -s, centre.x - c * middle + s * middle, s, c,
                                      centre.y - s * middle - c * middle);
  cv::Mat grey;
  cv::cvtColor(
      resample(rgb, frame_from_window, {kWindowPx, kWindowPx}, cv::INTER_LINEAR, cv::BORDER_REPLICATE), grey,
      cv::COLOR_RGB2GRAY);
  std::array<Landmarks, kBoxes.size()> votes;
  std::transform(kBoxes.begin(), kBoxes.end(), votes.begin(),
                 [&](const cv::Rect& window_box) { return model_->predict(grey, window_box); });
  return transform(frame_from_window, consensus(votes));
}

SharedLandmarkPredictor load_landmark_predictor(const std::filesystem::path& path) {
  return std::async(std::launch::async,
                    [file = find_landmark_model(path)]() -> std::shared_ptr<const LandmarkPredictor> {
                      return std::make_shared<const LandmarkPredictor>(file);
                    })
      .share();
}

cv::Rect2f box_of(const Landmarks& landmarks) {
  // Means over detections in 585 aligned portraits: the detector's box is 2.82 times as wide as the points'
  // root mean square distance from their mean, and its centre lies 0.11 of that distance above the mean.
  constexpr double kSideOfSpread = 2.82;
  constexpr double kRiseOfSpread = 0.11;
  const cv::Point2d mean = mean_of(landmarks, 0, kLandmarkCount);
  double square_sum = 0;
  for (const cv::Point2d& point : landmarks) {
    square_sum += (point - mean).ddot(point - mean);
  }
  const double spread = std::sqrt(square_sum / kLandmarkCount);
  const double roll = roll_of(landmarks);
  const cv::Point2d centre = mean + kRiseOfSpread * spread * cv::Point2d(std::sin(roll), -std::cos(roll));
  const double side = kSideOfSpread * spread;
  return {static_cast<float>(centre.x - 0.5 * side), static_cast<float>(centre.y - 0.5 * side),
          static_cast<float>(side), static_cast<float>(side)};
}

double roll_of(const Landmarks& landmarks) {
  const cv::Point2d eyes = mean_of(landmarks, 42, 48) - mean_of(landmarks, 36, 42);
  return std::atan2(eyes.y, eyes.x);
}

Landmarks locate_landmarks(const LandmarkPredictor& predictor, const cv::Mat& rgb, const cv::Rect2f& box) {
  return predictor.predict(rgb, box, roll_of(predictor.predict(rgb, box)));
}

std::vector<Face> find_faces(Detector& detector, const LandmarkPredictor& predictor, const cv::Mat& rgb) {
  std::vector<Face> faces;
  for (const Detection& detection : detector.detect(rgb)) {
    Face face;
    face.box = detection.box;
    face.landmarks = locate_landmarks(predictor, rgb, detection.box);
    face.square = ffhq_square(face.landmarks);
    face.confidence = detection.score;
    faces.push_back(face);
  }
  std::stable_sort(faces.begin(), faces.end(),
                   [](const Face& a, const Face& b) { return a.box.width > b.box.width; });
  return faces;
}

}  // namespace toonmirror::face
