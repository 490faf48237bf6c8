// The mesh of a face, as teachers that light its form want it.
#pragma once

#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

#include "face/face.h"

namespace toonmirror::datasets {

// MediaPipe's face mesh (Kartynnik et al. 2019, "Real-time Facial Surface Geometry from Monocular Video on
// Mobile GPUs") from a folder of networks that are not shipped (facemesh468). May be used by several threads.
class MeshFinder {
 public:
  explicit MeshFinder(const std::filesystem::path& nets_folder);
  ~MeshFinder();

  // `rgb` CV_8UC3, landmarks in its pixels → 468 points, x and y in its pixels, z towards the viewer in the
  // same unit.
  std::vector<cv::Point3d> find(const cv::Mat& rgb, const face::Landmarks& landmarks) const;

 private:
  struct Network;
  std::unique_ptr<Network> network_;
};

}  // namespace toonmirror::datasets
