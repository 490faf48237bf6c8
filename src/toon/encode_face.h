// The face of a photo as a style's encoder is to see it: aligned, in even light, and in the drawing's shapes.
#pragma once

#include <opencv2/core.hpp>
#include <optional>

#include "base/stage_timer.h"
#include "face/alignment.h"
#include "face/face.h"
#include "toon/coloured_light.h"
#include "toon/toonifier.h"

namespace toonmirror::toon {

struct PhotoCode {
  face::Alignment alignment;           // of the crop in the photo
  cv::Mat crop;                        // CV_8UC3, as it was encoded
  std::optional<ColouredLight> light;  // that was taken from it; to be given to the drawing
  FaceCode code;
};

// Whoever draws a face that was found in `rgb` (CV_8UC3) begins with this, so that the same face gives the
// same latents everywhere. A face with glasses is encoded twice where the style's shapes ask for that
// (CartoonGeometry::eye_zoom_behind_glasses). Counts "paste" and "encoder".
PhotoCode encode_face(const cv::Mat& rgb, const face::Face& face, const Toonifier& toonifier,
                      StageTimer& timer);

// The crop of a face in the shapes of the style's drawings, where it changes shapes. Landmarks in the crop's
// pixels; `glasses`: face::glasses_share.
cv::Mat in_shapes_of(const Style& style, const cv::Mat& crop_rgb, const face::Landmarks& landmarks,
                     double glasses = 0);

}  // namespace toonmirror::toon
