// One face followed through a shot. Internal to this layer; see tracker.h.
#pragma once

#include "face/detector.h"
#include "face/landmarks.h"
#include "face/one_euro.h"

namespace toonmirror::face {

class Track {
 public:
  Track(int id, const Detection& detection, const Landmarks& landmarks, const cv::Mat& rgb);

  int id() const { return id_; }
  const cv::Rect2f& box() const { return box_; }

  // Frames since the detector last confirmed the face.
  int unconfirmed_frames() const { return unconfirmed_frames_; }

  // Finds the face in the next frame, `interval_s` after the last. False: it is not there any more.
  bool follow(const cv::Mat& rgb, const LandmarkPredictor& predictor, Detector& detector, double interval_s,
              int hold_frames);

  // The search of the whole frame has found this face.
  void confirm(const Detection& detection);

  // The face as it is handed out: filtered in time. Call once per frame; `interval_s` as above.
  Face steady_face(double interval_s);

 private:
  cv::Rect2f expected_box(double interval_s) const;
  void fit(const cv::Mat& rgb, const LandmarkPredictor& predictor, const cv::Rect2f& expected,
           const std::optional<Detection>& hit);
  bool looks_like_before(const cv::Mat& rgb) const;

  int id_;
  int age_frames_ = 0;
  int unconfirmed_frames_ = 0;
  float score_;
  Landmarks landmarks_;  // unfiltered
  cv::Rect2f box_;
  cv::Point2d velocity_px_s_;
  cv::Mat patch_;  // the face when it was last confirmed, CV_32FC1
  OneEuroFilter landmark_filter_;
  OneEuroFilter square_filter_;
};

}  // namespace toonmirror::face
