// Finding faces that look to the side: OpenCV's cascade of local binary patterns for profiles (Viola and
// Jones 2001; Liao et al. 2007), both ways round. It sees many faces where none are: what it finds are places
// to look at.
#pragma once

#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

namespace toonmirror::face {

// The cascade's file, from Debian's package opencv-data: in $TOONMIRROR_CASCADES, a folder, or OpenCV's share
// folder. Throws Error naming the package where there is none.
std::filesystem::path find_profile_cascade();

// Holds working memory: one for each thread.
class ProfileDetector {
 public:
  // Throws Error where the file is no cascade. Larger pictures are searched at `max_search_px` pixels.
  explicit ProfileDetector(const std::filesystem::path& cascade, int max_search_px = 260'000);
  ~ProfileDetector();
  ProfileDetector(ProfileDetector&&) noexcept;
  ProfileDetector& operator=(ProfileDetector&&) noexcept;

  // Squares around profiles in `rgb` (CV_8UC3), in its pixels, at least an eighth of the shorter side wide.
  std::vector<cv::Rect2f> detect(const cv::Mat& rgb);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace toonmirror::face
