// Soft masks of the classes, with borders from the photo.
#pragma once

#include <array>
#include <initializer_list>
#include <opencv2/core.hpp>

#include "face/cartoon_geometry.h"
#include "face/mask.h"

namespace toonmirror::teachers {

// One plane per face::Label, CV_32FC1, 0 … 1; together they sum to 1 everywhere.
class Mattes {
 public:
  // `photo` square CV_8UC3 RGB, `labels` square CV_8UC1 of any size; the mattes have the photo's. Labels have
  // stairs and miss locks of hair:
  // borders of the large classes (hair, hat, cloth, background, face) follow the photo (guided filter with a
  // colour guide, He, Sun and Tang 2013, section 3.5), but stay within a few pixels of the labels.
  Mattes(const cv::Mat& photo, const cv::Mat& labels);

  // The masks of a drawing of that side, with sharp borders. The field is of the photo's size.
  Mattes warped(const face::DisplacementField& field, int size_px) const;

  int size_px() const { return planes_[0].rows; }

  // Sum of these classes.
  cv::Mat of(std::initializer_list<face::Label> labels) const;

 private:
  Mattes() = default;
  cv::Mat& plane(face::Label label) { return planes_[static_cast<size_t>(label)]; }

  std::array<cv::Mat, face::kLabelCount> planes_;
};

// The labels, or where they show no face, labels drawn from the landmarks: face, brows, eyes and mouth on
// background.
cv::Mat labels_or_landmarks(const cv::Mat& labels, const face::Landmarks& landmarks);

}  // namespace toonmirror::teachers
