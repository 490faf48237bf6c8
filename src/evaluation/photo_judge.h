// Compares a photo with drawings of it, and drawings with each other.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "face/landmarks.h"
#include "teachers/filters.h"
#include "teachers/pair_builder.h"
#include "training/losses.h"

namespace toonmirror::evaluation {

inline constexpr int kJudgedSize_px = 256;

using Figures = std::map<std::string, double>;

using teachers::resized;

// [1, 68, 2]
at::Tensor to_tensor(const face::Landmarks& points);

// How large both eyes are by their outlines: the sum of the roots of their areas, in pixels.
double eye_size(const face::Landmarks& points);

// Where the labels (CV_8U) say skin, brows, eyes, glasses, mouth or lips: 255, elsewhere 0.
cv::Mat face_area(const cv::Mat& labels);

// Mean magnitude of the gradient of lightness (0 … 1 per pixel) in `area` (CV_8U), both taken to 512 px: what
// is drawn at 256 px alone has no more than that. 0 where the area is empty.
double sharpness(const cv::Mat& rgb, const cv::Mat& area);

// Figures of some pictures as one tensor [N, …]; those that could not be made are undefined and left out.
// Throws Error naming `what` where fewer than two are there.
at::Tensor all_defined(std::vector<at::Tensor> figures, const char* what);

// One object serves all threads.
class PhotoJudge {
 public:
  // `nets`: folder of the judging networks; empty: has_networks() is false and they are not to be asked.
  PhotoJudge(const std::filesystem::path& nets, face::SharedLandmarkPredictor predictor);

  bool has_networks() const { return lpips_.has_value(); }

  // Of a drawing of the pair's photo: nme, nme_nose_mouth, eyes, departure and sharpness, see PhotoFigures,
  // each with the suffix.
  void compare_shapes(const std::string& suffix, const teachers::TrainingPair& pair, const cv::Mat& drawing,
                      Figures& figures) const;
  // identity and lpips of two pictures of the pair's crop, with the suffix; lpips at the size of the smaller
  // one.
  void compare_looks(const std::string& suffix, const teachers::TrainingPair& pair, const cv::Mat& a,
                     const cv::Mat& b, Figures& figures) const;

  // All of that: of the drawing, and where there is a teacher's picture (else empty) of that and of both.
  void compare(const teachers::TrainingPair& pair, const cv::Mat& drawing, const cv::Mat& taught,
               Figures& figures) const;

  // Unit vector [1, 128] of the person in an aligned crop; landmarks of 256 px.
  at::Tensor person(const cv::Mat& crop, const face::Landmarks& landmarks) const;
  // What kernel_distance compares, [1, 512].
  at::Tensor summary(const cv::Mat& picture) const;

 private:
  face::SharedLandmarkPredictor predictor_;
  std::optional<training::IdentityNetwork> identity_;
  std::optional<training::LpipsLike> lpips_;
};

}  // namespace toonmirror::evaluation
