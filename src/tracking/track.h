// One face followed through a shot. Internal to this layer; see tracker.h.
#pragma once

#include "face/one_euro.h"
#include "tracking/mesh_predictor.h"
#include "tracking/presence.h"

namespace toonmirror::tracking {

class Track {
 public:
  // `presence`: of its drawing.
  Track(int id, const MeshFace& face, const Presence& presence);

  int id() const { return id_; }
  const cv::Rect2f& box() const { return box_; }
  // In the last picture; otherwise the box is where it would have moved.
  bool seen() const { return unseen_s_ == 0; }
  // Nothing is left of it to draw, nor to be found again.
  bool forgotten() const;

  // Looks for the face in the next picture, `interval_s` after the last.
  void follow(const cv::Mat& rgb, const MeshPredictor& mesh, double interval_s);
  // A search has found it in this picture.
  void find_again(const MeshFace& face);
  // What was found in this picture is another face: takes it back.
  void take_back();
  // How far from where it was expected the face was found, in widths of its box.
  double surprise() const { return surprise_; }

  // The face as it is handed out: filtered in time, with its mesh or without. Call once for each picture.
  face::Face steady_face(double interval_s, bool with_mesh);

 private:
  face::FaceSquare expected_square(double interval_s) const;
  bool is_plausible(const MeshFace& found, const cv::Size& picture) const;
  void accept(const MeshFace& found);

  int id_;
  MeshFace face_;  // as it was last seen, or is thought to have moved since
  cv::Rect2f box_;
  cv::Point2d velocity_px_s_;
  Presence presence_;
  double age_s_ = 0, unseen_s_ = 0, surprise_ = 0;
  // As of the picture before, and the time since.
  MeshFace face_before_;
  cv::Point2d velocity_before_;
  double unseen_before_s_ = 0, interval_s_ = 0;
  face::OneEuroFilter landmark_filter_, square_filter_, mesh_filter_;
};

}  // namespace toonmirror::tracking
