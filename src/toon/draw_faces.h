// One picture through the chain: crop, encoder, generator, paste-back.
#pragma once

#include <functional>
#include <opencv2/core.hpp>
#include <vector>

#include "base/stage_timer.h"
#include "face/face.h"
#include "toon/compositor.h"
#include "toon/toonifier.h"

namespace toonmirror::toon {

// What may be changed on the way, and looked at.
struct DrawHooks {
  // Between encoder and generator.
  std::function<void(const face::Face&, FaceCode&)> change_code;
  // The drawings in the order of the faces, CV_8UC3 squares; null: not wanted.
  std::vector<cv::Mat>* drawings = nullptr;
};

// Draws `faces` into `rgb` (CV_8UC3, square pixels). Returns the rectangle that may have changed.
cv::Rect draw_faces(cv::Mat& rgb, const std::vector<face::Face>& faces, const Toonifier& toonifier,
                    const PasteOptions& paste, StageTimer& timer, const DrawHooks& hooks = {});

// The crop of a face as the style's encoder is to see it: in the drawing's shapes where the style changes
// shapes. Landmarks in the crop's pixels.
cv::Mat in_shapes_of(const Style& style, const cv::Mat& crop_rgb, const face::Landmarks& landmarks);

// To be called by every thread that draws, once: LibTorch, OpenCV and BLAS compute with the calling thread
// alone. Threads of theirs that wait for each other on busy cores cost two to four times the work.
void compute_in_this_thread_alone();

}  // namespace toonmirror::toon
