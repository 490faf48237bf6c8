// One picture through the chain: crop, encoder, generator, paste-back.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "base/stage_timer.h"
#include "face/face.h"
#include "toon/compositor.h"
#include "toon/toonifier.h"

namespace toonmirror::toon {

// Draws `faces` into `rgb` (CV_8UC3, square pixels). Returns the rectangle that may have changed.
cv::Rect draw_faces(cv::Mat& rgb, const std::vector<face::Face>& faces, const Toonifier& toonifier,
                    PasteMode mode, StageTimer& timer);

// To be called by every thread that draws, once: LibTorch, OpenCV and BLAS compute with the calling thread
// alone. Threads of theirs that wait for each other on busy cores cost two to four times the work.
void compute_in_this_thread_alone();

}  // namespace toonmirror::toon
