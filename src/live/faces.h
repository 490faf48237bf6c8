// Whose faces are drawn in a live picture. Internal to this layer.
#pragma once

#include <atomic>
#include <vector>

#include "toon/face_follower.h"
#include "tracking/tracker.h"

namespace toonmirror::live {

class LiveFaceFinder {
 public:
  LiveFaceFinder(tracking::SharedMeshPredictor mesh, int detect_every,
                 tracking::NoFace no_face = tracking::NoFace::kFade);

  // The faces of the next picture (CV_8UC3 RGB). With FaceChoice::kLargest the one that was largest when it
  // came is kept, and for 2 s after it was lost only a face at its place can follow it.
  std::vector<face::Face> find(const cv::Mat& rgb, double time_s, toon::FaceChoice choice);

  // Pictures between two searches of the whole picture.
  void detect_every(int pictures) { tracker_.detect_every(pictures); }

  // Root mean square of the landmarks' motion from picture to picture while the face is at rest, pixels.
  double jitter_px() const { return jitter_px_; }  // by any thread

 private:
  void measure_jitter(const std::vector<face::Face>& faces);

  tracking::Tracker tracker_;
  std::vector<face::Face> last_;  // as of the last picture
  toon::FaceFollower follower_{{.loyalty_s = 2}};
  std::atomic<double> jitter_px_ = 0;
};

}  // namespace toonmirror::live
