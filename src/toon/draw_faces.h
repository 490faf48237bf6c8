// One picture through the chain: crop, encoder, generator, paste-back.
#pragma once

#include <functional>
#include <opencv2/core.hpp>
#include <vector>

#include "base/parallel.h"
#include "base/stage_timer.h"
#include "face/face.h"
#include "toon/coloured_light.h"
#include "toon/compositor.h"
#include "toon/toonifier.h"

namespace toonmirror::toon {

// What may be changed on the way, and looked at.
struct DrawHooks {
  // Between encoder and generator.
  std::function<void(const face::Face&, FaceCode&)> change_code;
  // Sides of the faces' drawings at most (DrawingSizes); empty: as large as the generator draws.
  std::vector<int> largest_px;
  // The drawings in the order of the faces, CV_8UC3 squares; null: not wanted.
  std::vector<cv::Mat>* drawings = nullptr;
};

// Draws `faces` into `rgb` (CV_8UC3, square pixels), and the scene around them where `paste` or the style
// wants it drawn. Returns the rectangle that may have changed.
cv::Rect draw_faces(cv::Mat& rgb, const std::vector<face::Face>& faces, const Toonifier& toonifier,
                    const PasteOptions& paste, StageTimer& timer, const DrawHooks& hooks = {});

// Whether draw_faces changes pictures without faces, too.
bool draws_scene(const Style& style, const PasteOptions& paste);

// Whether faces need DrawnFace::wide to be put back.
bool wants_wide_view(const Style& style, const PasteOptions& paste);

// The view in which a head whose drawing has that side is carried on; `light` is taken from it where given.
WideView wide_view(const cv::Mat& rgb, const face::FaceSquare& square, int drawing_px,
                   const ColouredLight* light, const Toonifier& toonifier, StageTimer& timer);

// Draws what is around the heads, if that is wanted, and puts them back. Returns the rectangle that may have
// changed.
cv::Rect put_back(cv::Mat& rgb, std::vector<DrawnFace> drawn, const Style& style, const PasteOptions& paste,
                  StageTimer& timer);

// To be called by every thread that draws, once: LibTorch, OpenCV and BLAS compute with the calling thread
// alone. Threads of theirs that wait for each other on busy cores cost two to four times the work.
void compute_in_this_thread_alone();

// Threads that do so.
Workers drawing_workers(int count);

}  // namespace toonmirror::toon
