// The two dlib models behind plain types: dlib's headers are slow to compile and are included in dlib_set.cpp
// alone, which is compiled for several instruction sets. Internal to this layer; see detector.h and
// landmarks.h.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "face/detector.h"
#include "face/face.h"

namespace toonmirror::face {

class HogSearch;   // dlib_set.h
class ShapeTrees;  // dlib_set.h

// dlib's five HOG filters (front, left, right, tilted left, tilted right), window 80 px.
class HogDetector {
 public:
  inline static constexpr int kWindowPx = 80;

  // Searches `max_levels` sizes, each 6/5 of the one before, from kWindowPx upwards.
  explicit HogDetector(int max_levels);
  ~HogDetector();

  // `grey` is CV_8UC1; boxes in its pixels.
  std::vector<Detection> detect(const cv::Mat& grey, double min_score);

 private:
  std::unique_ptr<HogSearch> search_;
};

// The regression trees: 68 points from a grey picture and a box in it.
class ShapeModel {
 public:
  // Throws Error where the file is not a 68-point model.
  explicit ShapeModel(const std::filesystem::path& file);
  ~ShapeModel();

  // Points in the pixels of `grey` (CV_8UC1), rounded to whole ones by dlib.
  Landmarks predict(const cv::Mat& grey, const cv::Rect& box) const;

 private:
  std::unique_ptr<const ShapeTrees> trees_;
};

}  // namespace toonmirror::face
