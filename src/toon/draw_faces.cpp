#include "toon/draw_faces.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <mutex>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgproc.hpp>

namespace toonmirror::toon {

cv::Rect draw_faces(cv::Mat& rgb, const std::vector<face::Face>& faces, const Toonifier& toonifier,
                    const PasteOptions& paste, StageTimer& timer, const DrawHooks& hooks) {
  std::vector<DrawnFace> drawn;
  for (const face::Face& found : faces) {
    DrawnFace face;
    {
      const auto timed = timer.measure("paste");
      face.alignment = face::align_square(found.square, toonifier.crop_size_px());
      face.landmarks = found.landmarks;
      face.photo_crop = face::warp_crop(rgb, face.alignment);
      if (toonifier.style().geometry) {
        const face::Landmarks in_crop = face::transform(face.alignment.crop_from_frame, face.landmarks);
        face.photo_crop = in_shapes_of(toonifier.style(), face.photo_crop, in_crop);
        face.reshaped = true;
      }
    }
    FaceCode code;
    {
      const auto timed = timer.measure("encoder");
      code = toonifier.encode(face.photo_crop);
      if (hooks.change_code) hooks.change_code(found, code);
    }
    {
      const auto timed = timer.measure("generator");
      face.drawing = toonifier.render(code);
    }
    if (hooks.drawings != nullptr) hooks.drawings->push_back(face.drawing);
    face.parsing = code.parsing;
    drawn.push_back(std::move(face));
  }
  const auto timed = timer.measure("paste");
  return composite(rgb, std::move(drawn), paste);
}

cv::Mat in_shapes_of(const Style& style, const cv::Mat& crop_rgb, const face::Landmarks& landmarks) {
  if (!style.geometry) return crop_rgb;
  return face::DisplacementField(landmarks, crop_rgb.cols, *style.geometry).warp(crop_rgb, cv::INTER_CUBIC);
}

void compute_in_this_thread_alone() {
  at::set_num_threads(1);
  // These numbers are the whole program's. Changing OpenCV's ends threads that others may be waiting for
  // (TBB): so once, while nobody has begun.
  static std::once_flag told;
  std::call_once(told, [] {
    cv::setNumThreads(1);
    // OpenBLAS has threads of its own, which only its own function limits. Another BLAS has no such function.
    using SetThreads = void (*)(int);
    const auto set_blas_threads =
        reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
    if (set_blas_threads != nullptr) set_blas_threads(1);
  });
}

}  // namespace toonmirror::toon
