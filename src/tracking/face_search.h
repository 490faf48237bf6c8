// Finding faces anew: detectors propose, the face mesh decides.
#pragma once

#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "face/face.h"
#include "tracking/face_models.h"

namespace toonmirror::tracking {

enum class SearchEffort {
  kQuick,     // faces from 80 px in small frames, from a fifth of the shorter side in 1080p; 20 ms
  kThorough,  // down to 40 px in 1080p; 140 ms
};

// The box in which a detector would have seen the face.
cv::Rect2f box_of(const MeshFace& face);

// Searches pictures of a video. Holds working memory: one for each thread.
class FaceSearch {
 public:
  // Throws Error where the cascade for profiles is missing.
  explicit FaceSearch(SharedMeshPredictor mesh);
  ~FaceSearch();
  FaceSearch(FaceSearch&&) noexcept;
  FaceSearch& operator=(FaceSearch&&) noexcept;

  // The faces of `rgb` (CV_8UC3) that do not overlap the boxes of `known` ones, the largest first. Upright
  // faces are looked for every time; those that lie on their side, stand on their head or look to the side in
  // turns, and only where nobody is known: `rgb` then is one picture of many.
  std::vector<MeshFace> find(const cv::Mat& rgb, SearchEffort effort, const std::vector<cv::Rect2f>& known);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The faces of a single picture, however they are turned in it, the largest first. Of those that dlib sees
// the landmarks are dlib's, by which the networks' training pictures were cut; of others the mesh's. Throws
// Error as FaceSearch does.
std::vector<face::Face> find_faces(const FaceModels& models, const cv::Mat& rgb);
// The same of the picture of that name. Throws Error where there is none.
std::vector<face::Face> require_faces(const FaceModels& models, const cv::Mat& rgb, const std::string& name);

}  // namespace toonmirror::tracking
