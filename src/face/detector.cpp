#include "face/detector.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "face/dlib_models.h"
#include "face/geometry.h"
#include "face/warp.h"

namespace toonmirror::face {

namespace {

// detect_near() brings the expected face to the middle of the three sizes that it searches (80, 96 and 115
// px).
constexpr int kNearFacePx = 96;
constexpr int kNearWindowPx = 2 * kNearFacePx;
constexpr int kNearLevels = 3;

cv::Mat grey_of(const cv::Mat& rgb) {
  cv::Mat grey;
  cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
  return grey;
}

// A box seen through x -> offset + scale * x, for edges that are coordinates of the picture's pixels.
cv::Rect2f mapped(const cv::Rect2f& box, const cv::Point2d& offset, double scale) {
  return {static_cast<float>(offset.x + scale * box.x), static_cast<float>(offset.y + scale * box.y),
          static_cast<float>(scale * box.width), static_cast<float>(scale * box.height)};
}

}  // namespace

struct Detector::Impl {
  DetectorOptions options;
  HogDetector everywhere{1000};
  HogDetector near{kNearLevels};
};

Detector::Detector(DetectorOptions options) {
  if (options.min_face_px < 10 || options.max_search_px < HogDetector::kWindowPx * HogDetector::kWindowPx) {
    throw Error("face detector: min_face_px below 10 or max_search_px below 6400");
  }
  impl_ = std::make_unique<Impl>();
  impl_->options = options;
}

Detector::~Detector() = default;
Detector::Detector(Detector&&) noexcept = default;
Detector& Detector::operator=(Detector&&) noexcept = default;

std::vector<Detection> Detector::detect(const cv::Mat& rgb) {
  require_rgb(rgb, "face detector");
  const double wanted = double(HogDetector::kWindowPx) / impl_->options.min_face_px;
  const double affordable = std::sqrt(double(impl_->options.max_search_px) / rgb.size().area());
  const double scale = std::min(wanted, affordable);
  const cv::Size size(std::max(1, int(std::lround(rgb.cols * scale))),
                      std::max(1, int(std::lround(rgb.rows * scale))));
  // Grey first when enlarging, last when reducing: a third of the work.
  cv::Mat searched = scale > 1 ? grey_of(rgb) : rgb;
  if (size != rgb.size()) {
    cv::resize(searched, searched, size, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  }
  if (searched.channels() == 3) {
    searched = grey_of(searched);
  }
  std::vector<Detection> detections = impl_->everywhere.detect(searched, impl_->options.min_score);
  const double back = double(rgb.cols) / size.width;
  for (Detection& detection : detections) {
    detection.box = mapped(detection.box, cv::Point2d(0.5 * back - 0.5, 0.5 * back - 0.5), back);
  }
  std::sort(detections.begin(), detections.end(),
            [](const Detection& a, const Detection& b) { return a.score > b.score; });
  return detections;
}

std::optional<Detection> Detector::detect_near(const cv::Mat& rgb, const cv::Rect2f& box, double min_score) {
  require_rgb(rgb, "face detector");
  const double scale = box.width / kNearFacePx;
  const cv::Point2d origin = centre_of(box) - 0.5 * scale * cv::Point2d(kNearWindowPx - 1, kNearWindowPx - 1);
  const cv::Matx23d frame_from_window(scale, 0, origin.x, 0, scale, origin.y);
  const cv::Mat window = grey_of(resample(rgb, frame_from_window, {kNearWindowPx, kNearWindowPx},
                                          cv::INTER_LINEAR, cv::BORDER_REPLICATE));
  std::optional<Detection> best;
  float best_overlap = 0.2F;
  for (const Detection& hit : impl_->near.detect(window, min_score)) {
    const cv::Rect2f in_frame = mapped(hit.box, origin, scale);
    if (overlap(in_frame, box) > best_overlap) {
      best_overlap = overlap(in_frame, box);
      best = Detection{in_frame, hit.score};
    }
  }
  return best;
}

}  // namespace toonmirror::face
