#include "face/dlib_models.h"

#include <fstream>

#include "base/error.h"
#include "face/dlib_set.h"

namespace toonmirror::face {

const DlibSet& chosen_dlib_set() {
#if defined(TOONMIRROR_DLIB_AVX2)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return *toonmirror_dlib_avx2();
  }
#endif
  return *toonmirror_dlib_baseline();
}

HogDetector::HogDetector(int max_levels) : search_(chosen_dlib_set().make_hog_search(max_levels)) {}

HogDetector::~HogDetector() = default;

std::vector<Detection> HogDetector::detect(const cv::Mat& grey, double min_score) {
  return search_->detect(grey, min_score);
}

ShapeModel::ShapeModel(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw Error(file.string() + ": cannot be opened");
  }
  const std::string hint = "install the Debian package libdlib-data again, or name another model file";
  try {
    trees_ = chosen_dlib_set().read_shape_trees(stream);
  } catch (const std::exception&) {
    throw Error(file.string() + ": not a dlib landmark model, or damaged", hint);
  }
  if (trees_->point_count() != kLandmarkCount) {
    throw Error(file.string() + ": a landmark model of " + std::to_string(trees_->point_count()) +
                    " points, not of 68",
                hint);
  }
}

ShapeModel::~ShapeModel() = default;

Landmarks ShapeModel::predict(const cv::Mat& grey, const cv::Rect& box) const {
  return trees_->predict(grey, box);
}

}  // namespace toonmirror::face
