#include "face/profile_detector.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>

#include "base/error.h"
#include "face/warp.h"

namespace toonmirror::face {
namespace {

constexpr const char* kName = "lbpcascade_profileface.xml";
constexpr double kStep = 1.2;        // between two sizes that are searched
constexpr int kLeastHits = 3;        // neighbouring windows that agree
constexpr double kSmallest = 0.125;  // of the shorter side

}  // namespace

std::filesystem::path find_profile_cascade() {
  std::vector<std::filesystem::path> folders;
  if (const char* folder = std::getenv("TOONMIRROR_CASCADES")) folders.emplace_back(folder);
  for (const char* prefix : {"/usr/local/share", "/usr/share"}) {
    folders.push_back(std::filesystem::path(prefix) / "opencv4/lbpcascades");
  }
  for (const std::filesystem::path& folder : folders) {
    if (std::filesystem::is_regular_file(folder / kName)) return folder / kName;
  }
  throw Error(std::string(kName) + ": not found, so faces that look to the side are not found either",
              "sudo apt install opencv-data");
}

struct ProfileDetector::Impl {
  cv::CascadeClassifier cascade;
  int max_search_px;
};

ProfileDetector::ProfileDetector(const std::filesystem::path& cascade, int max_search_px)
    : impl_(std::make_unique<Impl>()) {
  impl_->max_search_px = max_search_px;
  bool loaded = false;
  try {
    loaded = impl_->cascade.load(cascade.string());
  } catch (const cv::Exception&) {  // no XML
  }
  if (!loaded) throw Error(cascade.string() + ": is no cascade of OpenCV");
}

ProfileDetector::~ProfileDetector() = default;
ProfileDetector::ProfileDetector(ProfileDetector&&) noexcept = default;
ProfileDetector& ProfileDetector::operator=(ProfileDetector&&) noexcept = default;

std::vector<cv::Rect2f> ProfileDetector::detect(const cv::Mat& rgb) {
  require_rgb(rgb, "profile detector");
  const double scale = std::min(1.0, std::sqrt(double(impl_->max_search_px) / rgb.size().area()));
  cv::Mat grey;
  cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
  if (scale < 1) cv::resize(grey, grey, {}, scale, scale, cv::INTER_AREA);
  cv::equalizeHist(grey, grey);
  const int least_px = std::max(24, cvRound(kSmallest * std::min(grey.cols, grey.rows)));
  std::vector<cv::Rect2f> found;
  for (const bool mirrored : {false, true}) {
    cv::Mat searched = grey;
    if (mirrored) cv::flip(grey, searched, 1);
    std::vector<cv::Rect> hits;
    impl_->cascade.detectMultiScale(searched, hits, kStep, kLeastHits, 0, {least_px, least_px});
    for (const cv::Rect& hit : hits) {
      const int x = mirrored ? grey.cols - hit.x - hit.width : hit.x;
      const auto back = [&](int value) { return static_cast<float>(value / scale); };
      found.emplace_back(back(x), back(hit.y), back(hit.width), back(hit.height));
    }
  }
  return found;
}

}  // namespace toonmirror::face
