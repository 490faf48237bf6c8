// Whose faces are drawn in a live picture: followed, held while they are lost for a moment, faded when they
// are lost for longer. Internal to this layer.
#pragma once

#include <atomic>
#include <vector>

#include "face/tracker.h"
#include "toon/face_follower.h"
#include "toon/presence.h"

namespace toonmirror::live {

struct LiveFaces {
  std::vector<face::Face> faces;
  double presence = 1;  // 0 to 1: how much of the drawing shows
};

class LiveFaceFinder {
 public:
  LiveFaceFinder(face::SharedLandmarkPredictor predictor, int detect_every);

  // The faces of the next picture (CV_8UC3 RGB). With FaceChoice::kLargest the one that was largest when it
  // came is kept, and for 2 s after it was lost only a face at its place can follow it.
  LiveFaces find(const cv::Mat& rgb, double time_s, toon::FaceChoice choice);

  // Pictures between two searches of the whole picture.
  void detect_every(int pictures);

  // Root mean square of the landmarks' motion from picture to picture while the face is at rest, pixels.
  double jitter_px() const { return jitter_px_; }  // by any thread

 private:
  void measure_jitter(const std::vector<face::Face>& faces);

  face::SharedLandmarkPredictor predictor_;
  int detect_every_;
  face::Tracker tracker_;
  std::vector<face::Face> last_;  // as of the last picture with faces
  toon::FaceFollower follower_{{.loyalty_s = 2}};
  toon::Presence presence_{{.hold_s = 0.25, .ease_out_s = 0.35}};
  std::atomic<double> jitter_px_ = 0;
};

}  // namespace toonmirror::live
