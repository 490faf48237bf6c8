// dlib's detector and regression trees for one instruction set: dlib_set.cpp is compiled once for each, and
// dlib_models.cpp chooses. Internal to this layer.
#pragma once

#include <istream>
#include <memory>
#include <vector>

#include "face/detector.h"
#include "face/face.h"

namespace toonmirror::face {

// What HogDetector does, dlib_models.h.
class HogSearch {
 public:
  virtual ~HogSearch() = default;
  virtual std::vector<Detection> detect(const cv::Mat& grey, double min_score) = 0;
};

// What ShapeModel does, for a model of any number of points.
class ShapeTrees {
 public:
  virtual ~ShapeTrees() = default;
  virtual int point_count() const = 0;
  // Only where there are kLandmarkCount points.
  virtual Landmarks predict(const cv::Mat& grey, const cv::Rect& box) const = 0;
};

struct DlibSet {
  std::unique_ptr<HogSearch> (*make_hog_search)(int max_levels);
  // Throws a std::exception where the stream holds something else or ends too early. Of its type no more can
  // be relied on: the classes of exceptions are defined apart in every set.
  std::unique_ptr<ShapeTrees> (*read_shape_trees)(std::istream& stream);
};

// The best set that this processor can run.
const DlibSet& chosen_dlib_set();

}  // namespace toonmirror::face

// C names, so that CMakeLists.txt can say which symbol of a set stays visible.
extern "C" {
const toonmirror::face::DlibSet* toonmirror_dlib_baseline();
// Defined where CMakeLists.txt adds the set; needs AVX2 and FMA from the call on.
const toonmirror::face::DlibSet* toonmirror_dlib_avx2();
}
