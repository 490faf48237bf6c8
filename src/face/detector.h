// Finding frontal faces: dlib's HOG detector (Dalal and Triggs 2005; King 2015, "Max-margin object
// detection"), run on a grey picture scaled to the smallest face that is wanted.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "face/face.h"

namespace toonmirror::face {

// The defaults suit single pictures: thorough, about half a second for a large photo.
struct DetectorOptions {
  // The smallest face (side of its box) to look for. The detector's own smallest face is 80 px, so the
  // picture is resized by 80 / min_face_px before the search: 40 = search at double size.
  int min_face_px = 40;
  // Bound of time and memory: pixels of the searched picture. Where the wanted scale would exceed it, the
  // scale is reduced and the smallest face found grows accordingly.
  int max_search_px = 8'000'000;
  // Detections below this score are not reported. 0 is dlib's own threshold.
  double min_score = 0;
};

struct Detection {
  cv::Rect2f box;  // a square, frame pixels; may reach outside the picture
  float score = 0;
};

// Holds working memory: one Detector per thread.
class Detector {
 public:
  // Throws Error where an option is out of range.
  explicit Detector(DetectorOptions options = {});
  ~Detector();
  Detector(Detector&&) noexcept;
  Detector& operator=(Detector&&) noexcept;

  // All faces, best score first, without overlapping duplicates. Throws Error unless `rgb` is CV_8UC3 and not
  // empty.
  std::vector<Detection> detect(const cv::Mat& rgb);

  // The face at a known place: searches a window of twice the box's size, for faces of about the box's size,
  // at a resolution that does not grow with the face. Of several, the one that overlaps the box best. Scores
  // down to `min_score` are reported, which may be below 0. Costs a small part of detect().
  std::optional<Detection> detect_near(const cv::Mat& rgb, const cv::Rect2f& box, double min_score);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace toonmirror::face
