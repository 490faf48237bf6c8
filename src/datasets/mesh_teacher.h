// What the house's face mesh learns from: two published networks that are not shipped.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>

#include "face/face.h"
#include "nets/face_mesh_points.h"

namespace toonmirror::datasets {

// x and y in pixels of the picture, z in the same unit, larger towards the viewer.
using TaughtPoints = std::array<cv::Point3d, nets::kMeshPoints>;

struct TaughtMesh {
  TaughtPoints points;
  double face_score = 0;  // 0 … 1
};

// MediaPipe's face mesh (Kartynnik et al. 2019) and its lids and irises (Ablavatski et al. 2020, "Real-time
// Pupil Tracking from Monocular Video for Digital Puppetry") from facemesh468 and iris64 of a folder. The
// mesh's own lids hardly close; those of the iris network do, and replace them. May be used by several
// threads.
class MeshTeacher {
 public:
  // Throws Error where a network is missing.
  explicit MeshTeacher(const std::filesystem::path& nets_folder);
  ~MeshTeacher();

  // `rgb` CV_8UC3. The square in which the mesh is looked for follows from dlib's landmarks, then from the
  // mesh that is found there. What is told is the mean of looks through squares that differ a little: a
  // single one trembles with its square by a hundredth of the eyes' distance.
  TaughtMesh find(const cv::Mat& rgb, const face::Landmarks& landmarks) const;
  // The same beginning with a mesh that lies near, such as that of a frame before.
  TaughtMesh follow(const cv::Mat& rgb, const TaughtPoints& near) const;

 private:
  struct Networks;
  std::unique_ptr<Networks> networks_;
};

}  // namespace toonmirror::datasets
