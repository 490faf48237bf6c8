// Whose faces are drawn in a live picture: followed, held while they are lost for a moment, faded when they
// are lost for longer. Internal to live_mirror.cpp.
#pragma once

#include <atomic>
#include <vector>

#include "face/tracker.h"
#include "toon/convert.h"

namespace toonmirror::toon {

struct LiveFaces {
  std::vector<face::Face> faces;
  double presence = 1;  // 0 to 1: how much of the drawing shows
};

class LiveFaceFinder {
 public:
  LiveFaceFinder(face::SharedLandmarkPredictor predictor, int detect_every);

  // The faces of the next picture (CV_8UC3 RGB). With FaceChoice::kLargest the one that was largest when it
  // came is kept, and for 2 s after it was lost only a face at its place can follow it: a poster on the wall
  // never takes over because somebody turned round.
  LiveFaces find(const cv::Mat& rgb, double time_s, FaceChoice choice);

  // Pictures between two searches of the whole picture.
  void detect_every(int pictures);

  // Root mean square of the landmarks' motion from picture to picture while the face is at rest, pixels.
  double jitter_px() const { return jitter_px_; }  // by any thread

 private:
  void keep_chosen(std::vector<face::Face>& faces, double time_s);
  void measure_jitter(const std::vector<face::Face>& faces);

  face::SharedLandmarkPredictor predictor_;
  int detect_every_;
  face::Tracker tracker_;
  std::vector<face::Face> last_;  // as of the last picture with faces
  double last_s_ = -1e9;
  face::Face chosen_;
  double chosen_s_ = -1e9;
  std::atomic<double> jitter_px_ = 0;
};

}  // namespace toonmirror::toon
