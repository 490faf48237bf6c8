#include "toon/draw_faces.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <mutex>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgproc.hpp>

#include "face/warp.h"
#include "toon/coloured_light.h"
#include "toon/encode_face.h"
#include "toon/scene.h"

namespace toonmirror::toon {

namespace {

// `largest_px`: of its drawing; 0: no limit.
DrawnFace draw_face(const cv::Mat& rgb, const face::Face& found, int largest_px, const Toonifier& toonifier,
                    bool wide, StageTimer& timer, const DrawHooks& hooks) {
  PhotoCode photo = encode_face(rgb, found, toonifier, timer);
  if (hooks.change_code) hooks.change_code(found, photo.code);
  DrawnFace face;
  face.alignment = photo.alignment;
  face.landmarks = found.landmarks;
  face.shown = found.shown;
  face.photo_crop = photo.crop;
  face.reshaped = toonifier.style().geometry.has_value();
  {
    const auto timed = timer.measure("generator");
    face.drawing = photo.light->given_to(toonifier.render(photo.code, largest_px));
  }
  face.parsing = photo.code.parsing;
  if (wide) face.wide = wide_view(rgb, found.square, face.drawing.cols, &*photo.light, toonifier, timer);
  return face;
}

}  // namespace

WideView wide_view(const cv::Mat& rgb, const face::FaceSquare& square, int drawing_px,
                   const ColouredLight* light, const Toonifier& toonifier, StageTimer& timer) {
  WideView wide;
  cv::Mat small;
  {
    const auto timed = timer.measure("paste");
    const double square_px = 2 * cv::norm(square.right);
    wide.alignment = face::align_square(widened(square), wide_size_px(square_px, drawing_px));
    // Tones and borders are read from it, not details.
    const int side = wide.alignment.crop_size_px;
    wide.photo = face::resample(rgb, wide.alignment.frame_from_crop, {side, side}, cv::INTER_LINEAR,
                                cv::BORDER_REFLECT);
    if (light != nullptr) wide.photo = light->mean_taken_from(wide.photo);
    // Where hair and neck end is asked of it; what is inside the square is known better. Three quarters of
    // the side are half of the work.
    constexpr int kParsed_px = 192;
    cv::resize(wide.photo, small, {kParsed_px, kParsed_px}, 0, 0, cv::INTER_AREA);
  }
  const auto timed = timer.measure("parser");
  wide.parsing = toonifier.parse(small);
  return wide;
}

bool wants_wide_view(const Style& style, const PasteOptions& paste) {
  return draws_scene(style, paste) || paste.mode == PasteMode::kHead;
}

cv::Rect put_back(cv::Mat& rgb, std::vector<DrawnFace> drawn, const Style& style, const PasteOptions& paste,
                  StageTimer& timer) {
  cv::Rect changed;
  if (draws_scene(style, paste)) {
    const auto timed = timer.measure("scene");
    draw_scene(rgb, style.scene, drawn);
    changed = cv::Rect({}, rgb.size());
  }
  const auto timed = timer.measure("paste");
  return changed | composite(rgb, std::move(drawn), paste);
}

cv::Rect draw_faces(cv::Mat& rgb, const std::vector<face::Face>& faces, const Toonifier& toonifier,
                    const PasteOptions& paste, StageTimer& timer, const DrawHooks& hooks) {
  const bool wide = wants_wide_view(toonifier.style(), paste);
  std::vector<DrawnFace> drawn;
  for (size_t i = 0; i < faces.size(); ++i) {
    const int largest_px = i < hooks.largest_px.size() ? hooks.largest_px[i] : 0;
    drawn.push_back(draw_face(rgb, faces[i], largest_px, toonifier, wide, timer, hooks));
    if (hooks.drawings != nullptr) hooks.drawings->push_back(drawn.back().drawing);
  }
  return put_back(rgb, std::move(drawn), toonifier.style(), paste, timer);
}

bool draws_scene(const Style& style, const PasteOptions& paste) {
  if (style.scene == SceneManner::kNone) return false;
  return paste.scene == SceneChoice::kStyle || (paste.scene == SceneChoice::kOfStyle && style.scene_drawn);
}

Workers drawing_workers(int count) { return {count, compute_in_this_thread_alone}; }

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
