// Faces through a video: detection now and then, landmarks in between, stable identities, steady squares.
#pragma once

#include <memory>
#include <vector>

#include "face/landmarks.h"

namespace toonmirror::face {

struct TrackerOptions {
  // Frames between two searches of the whole frame while faces are tracked. Without a face every frame is
  // searched.
  int detect_every = 15;
  // Every so many searches one is thorough: it also finds smaller faces, and takes several times as long (140
  // ms for a 1080p frame on one core of 2022). The first frame of a shot is always searched thoroughly.
  int thorough_every = 5;
  // Frames that a face is carried on by its landmarks alone while the detector does not confirm it: a turned
  // head, a hand.
  int hold_frames = 8;
  // Most faces followed at a time; the largest of a search come first.
  int max_faces = 8;
};

// One Tracker per video, fed with its frames in the order of presentation, from one thread at a time.
//
// Each face is followed by running the landmark predictor on the box of its last landmarks, moved by its
// velocity, and confirmed by the detector on a small window around it, which costs a fifth of a search of the
// frame. A face is lost at once when it leaves the frame, when the shot ends and when its pixels change
// altogether, and after `hold_frames` without confirmation otherwise; then the whole frame is searched again.
class Tracker {
 public:
  // Throws Error where an option is out of range.
  explicit Tracker(SharedLandmarkPredictor predictor, TrackerOptions options = {});
  ~Tracker();
  Tracker(Tracker&&) noexcept;
  Tracker& operator=(Tracker&&) noexcept;

  // The faces of the next frame (CV_8UC3), by rising track id. `time_s` is its presentation time; a step back
  // or a gap of more than half a second counts as a cut, after which all faces are new ones. `square` is
  // steadied by a One-Euro filter and trails a moving face by up to 2 % of its side (5 % for a frame or two
  // when it sets off); box and landmarks trail by no more than 0.4 %. Throws Error where the frame has
  // another type, or as the predictor's loading did.
  std::vector<Face> update(const cv::Mat& rgb, double time_s);

  // Forgets all faces; the next frame is searched as the first of a video. Track ids are not used again.
  void reset();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace toonmirror::face
