#include "toon/encode_face.h"

#include <opencv2/imgproc.hpp>

#include "face/cartoon_geometry.h"
#include "face/mask.h"
#include "face/warp.h"

namespace toonmirror::toon {
namespace {

// How much glasses change the shapes in which this style draws a face, 0 … 1.
double glasses_seen(const Style& style, const cv::Mat& parsing) {
  if (!style.geometry || style.geometry->eye_zoom_behind_glasses <= 0) return 0;
  cv::Mat glasses;
  cv::extractChannel(parsing, glasses, static_cast<int>(face::Label::kGlasses));
  return face::glasses_share(glasses > 0.5);
}

}  // namespace

cv::Mat in_shapes_of(const Style& style, const cv::Mat& crop_rgb, const face::Landmarks& landmarks,
                     double glasses) {
  if (!style.geometry) return crop_rgb;
  const face::CartoonGeometry geometry = face::behind_glasses(*style.geometry, glasses);
  return face::DisplacementField(landmarks, crop_rgb.cols, geometry).warp(crop_rgb, cv::INTER_CUBIC);
}

PhotoCode encode_face(const cv::Mat& rgb, const face::Face& face, const Toonifier& toonifier,
                      StageTimer& timer) {
  PhotoCode photo;
  cv::Mat own_shapes;
  face::Landmarks in_crop;
  {
    const auto timed = timer.measure("paste");
    photo.alignment = face::align_square(face.square, toonifier.crop_size_px());
    const cv::Mat crop = face::warp_crop(rgb, photo.alignment);
    in_crop = face::transform(photo.alignment.crop_from_frame, face.landmarks);
    photo.light.emplace(crop, in_crop);
    own_shapes = photo.light->taken_from(crop);
    photo.crop = in_shapes_of(toonifier.style(), own_shapes, in_crop);
  }
  const auto timed = timer.measure("encoder");
  photo.code = toonifier.encode(photo.crop);
  // Only the parser knows of glasses, and only with them a face is looked at twice.
  if (const double glasses = glasses_seen(toonifier.style(), photo.code.parsing); glasses > 0) {
    photo.crop = in_shapes_of(toonifier.style(), own_shapes, in_crop, glasses);
    photo.code = toonifier.encode(photo.crop);
  }
  return photo;
}

}  // namespace toonmirror::toon
