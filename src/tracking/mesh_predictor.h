// The house's face mesh (nets/face_mesh.h) on pictures: what it sees in a square of one.
#pragma once

#include <filesystem>
#include <future>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

#include "face/face.h"

namespace toonmirror::tracking {

struct MeshFace {
  // The 478 points of nets/face_mesh_points.h in pixels of the picture, also outside of it; z in the same
  // unit, larger towards the viewer.
  std::vector<cv::Point3d> points;
  face::Landmarks landmarks;  // dlib's 68 as sums of these points
  face::FaceSquare square;    // in which the face is best looked for next, in this picture or another
  double presence = 0;        // probability that there is a face in the square that was looked at
};

class MeshPredictor {
 public:
  // Throws Error where the file is no face mesh.
  explicit MeshPredictor(const std::filesystem::path& file);
  ~MeshPredictor();

  // What is seen in that square of `rgb` (CV_8UC3), which may reach outside of it. The square may lie wrong
  // by a sixth of its side; how it is turned may be wrong by 25 degrees. One object serves all threads.
  MeshFace predict(const cv::Mat& rgb, const face::FaceSquare& square) const;

 private:
  struct Network;
  std::unique_ptr<Network> network_;
};

using SharedMeshPredictor = std::shared_future<std::shared_ptr<const MeshPredictor>>;

}  // namespace toonmirror::tracking
