// Faces through a video: found now and then, followed by their meshes in between, with stable identities and
// steady squares.
#pragma once

#include <memory>
#include <vector>

#include "face/face.h"
#include "tracking/mesh_predictor.h"
#include "tracking/no_face.h"

namespace toonmirror::tracking {

struct TrackerOptions {
  // Frames between two searches of the whole frame while faces are tracked. Without a face every frame is
  // searched.
  int detect_every = 30;
  // Every so many searches one is thorough: it also finds smaller faces, and takes several times as long. The
  // first frame of a shot is always searched thoroughly.
  int thorough_every = 5;
  // Most faces followed at a time; the largest of a search come first.
  int max_faces = 8;
  NoFace no_face = NoFace::kFade;
  bool meshes = false;  // faces have theirs (face::Face::mesh), which costs a little
};

// One Tracker per video, fed with its frames in the order of presentation, from one thread at a time.
//
// Each face is looked for where the mesh of the frame before was, moved by its velocity; the network tells
// whether it is there (Kartynnik et al. 2019, section 2, have the same loop). Detectors only find new faces.
// A face that is not there is expected for a second where it went, while its drawing fades; a shot ends all.
class Tracker {
 public:
  // Throws Error where an option is out of range.
  explicit Tracker(SharedMeshPredictor mesh, TrackerOptions options = {});
  ~Tracker();
  Tracker(Tracker&&) noexcept;
  Tracker& operator=(Tracker&&) noexcept;

  // The faces of the next frame (CV_8UC3), and those that still fade, by rising track id. `time_s` is its
  // presentation time; a step back or a gap of more than half a second counts as a cut, after which all faces
  // are new ones. `square` is steadied by a One-Euro filter and trails a moving face by up to 2 % of its side
  // (5 % for a frame or two when it sets off); box and landmarks trail by no more than 0.4 %. Throws Error
  // where the frame has another type, or as the network's loading did.
  std::vector<face::Face> update(const cv::Mat& rgb, double time_s);

  // From the next frame on. Throws Error below 1.
  void detect_every(int frames);

  // Forgets all faces; the next frame is searched as the first of a video. Track ids are not used again.
  void reset();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace toonmirror::tracking
