// The parts of the film teacher's picture. Pictures are Lab, CV_32FC3, of the canvas.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "teachers/scene.h"
#include "teachers/skin.h"

namespace toonmirror::teachers {

// The head's form and its new light, at kSmall_px.
struct FilmStage {
  cv::Mat normals;       // CV_32FC3
  cv::Mat height;        // CV_32FC1, of the mesh
  cv::Mat share;         // CV_32FC1: how much of the form is the mesh's
  cv::Vec3f key, gloss;  // unit vectors: to the light, and between it and the viewer
  double colour = 1;     // 0 for a grey photo, which stays grey: factor on all colour that is added
};

// Mean of a plane (CV_32FC1), weighted.
double mean_where(const cv::Mat& plane, const cv::Mat& weight);

FilmStage film_stage(const Scene& scene, const std::vector<cv::Point3d>& mesh);

// Skin in the new light; `mesh` on the canvas. Lab picture, defined wherever the skin's matte is and inside
// features.
cv::Mat film_skin(const Scene& scene, FilmStage& stage, const std::vector<cv::Point3d>& mesh,
                  const SkinLayers& layers);

// Strands on a rounded volume. `matte`: where hair is.
cv::Mat film_hair(const Scene& scene, const FilmStage& stage, const cv::Mat& matte);

// Cloth, hats and things as rounded forms, from `things` of draw_things.
cv::Mat film_cloth(const Scene& scene, const FilmStage& stage, const cv::Mat& things);

// The painted iris (Lab) for one as iris_colour found it: dark irises without a hue of their own, and purple
// ones, are brown.
cv::Vec3f film_iris(const cv::Vec3f& seen, double colour);

// Lips as a rounded, glossy form over draw_mouth's.
void film_lips(cv::Mat& picture, const Scene& scene, const FilmStage& stage);

}  // namespace toonmirror::teachers
