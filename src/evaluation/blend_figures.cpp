#include "evaluation/blend_figures.h"

#include <mutex>

#include "base/error.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "evaluation/photo_judge.h"
#include "toon/draw_faces.h"
#include "toon/encode_face.h"
#include "training/losses.h"

namespace toonmirror::evaluation {
namespace {

// Of some pictures: what KID compares, and how large the eyes are.
struct Seen {
  std::vector<at::Tensor> summaries;
  std::vector<double> eyes;

  explicit Seen(size_t count) : summaries(count), eyes(count, 0) {}
};

class BlendMeasurement {
 public:
  BlendMeasurement(const SeedFiguresOptions& options, const toon::Style& style,
                   const engine::Compute& compute, const face::SharedLandmarkPredictor& predictor)
      : options_(options),
        style_(style),
        compute_(compute),
        predictor_(predictor),
        judge_(options.nets, predictor),
        source_(datasets::find_face_photos(options.photos)),
        toonifier_(seeds_of(style), compute.precision, compute.device) {}

  std::vector<BlendFigures> measure() {
    see_photos();
    std::vector<BlendFigures> rows = {row(toon::Blend::Side::kFace, 0, {})};
    const std::vector<double> face_eyes = eyes_;
    rows.push_back(row(toon::Blend::Side::kChild, 0, face_eyes));
    for (const toon::Blend::Side side : {toon::Blend::Side::kChild, toon::Blend::Side::kFace}) {
      for (int64_t split = 8; split < toonifier_.resolution(); split *= 2) {
        rows.push_back(row(side, split, face_eyes));
      }
    }
    return rows;
  }

 private:
  static toon::Style seeds_of(toon::Style style) {
    style.psi = kSeedPsi;
    style.likeness = 0;
    return style;
  }

  void see_photos() {
    const std::vector<size_t> numbers = compared_photos(options_, source_);
    toon::Style drawn = style_;
    drawn.blend = {};
    const toon::Toonifier drawing(drawn, compute_.precision, compute_.device);
    std::vector<at::Tensor> photos(numbers.size()), drawings(numbers.size());
    Progress progress({.label = "photos",
                       .unit = "faces",
                       .rate_unit = "faces/s",
                       .total = static_cast<int64_t>(numbers.size())});
    std::mutex mutex;
    size_t faces = 0;
    for_each_index(numbers.size(), toon::drawing_workers(options_.threads), [&] {
      return [&, read = source_.new_reader()](size_t i) {
        const at::NoGradGuard no_grad;
        try {
          const teachers::TrainingPair pair = read(numbers[i]);
          photos[i] = judge_.summary(pair.photo);
          const cv::Mat shaped = toon::in_shapes_of(style_, pair.photo, pair.landmarks);
          drawings[i] =
              judge_.summary(drawing.render(drawing.encode(resized(shaped, drawing.crop_size_px()))));
          const std::lock_guard lock(mutex);
          for (size_t k = 0; k < mean_points_.size(); ++k) mean_points_[k] += pair.landmarks[k];
          ++faces;
        } catch (const Error&) {
          return;  // what cannot be read is left out
        }
        progress.advance();
      };
    });
    photos_ = all_defined(std::move(photos), "photos");
    drawings_ = all_defined(std::move(drawings), "photos");
    for (auto& point : mean_points_) point = point / static_cast<double>(faces);
  }

  // `face_eyes` empty: these are the face generator's own.
  BlendFigures row(toon::Blend::Side structure, int64_t split_px, const std::vector<double>& face_eyes) {
    toon::Style style = toonifier_.style();
    style.blend = {};
    if (split_px > 0 || structure == toon::Blend::Side::kFace) {
      style.blend.method = toon::Blend::Method::kPinkney;
      style.blend.structure = structure;
      style.blend.level = 0;
      // A split above the last block leaves the fine layers of the other side nothing.
      style.blend.resolution = split_px > 0 ? split_px : toonifier_.resolution();
    }
    toonifier_.restyle(style);
    Seen seen(static_cast<size_t>(options_.count));
    const cv::Rect2f box = face::box_of(mean_points_);
    for_each_index(seen.eyes.size(), toon::drawing_workers(options_.threads), [&] {
      return [&](size_t i) {
        const at::NoGradGuard no_grad;
        const cv::Mat picture =
            toonifier_.render({toonifier_.latent_of_seed(static_cast<uint32_t>(i)), {}, {}});
        seen.summaries[i] = judge_.summary(picture);
        seen.eyes[i] = eye_size(predictor_.get()->predict(resized(picture, kJudgedSize_px), box));
      };
    });
    BlendFigures figures{structure, split_px, 1, 0, 0};
    if (!face_eyes.empty()) {
      double sum = 0, faces = 0;
      for (size_t i = 0; i < face_eyes.size(); ++i) {
        if (face_eyes[i] <= 0) continue;
        sum += seen.eyes[i] / face_eyes[i];
        ++faces;
      }
      figures.eyes = faces > 0 ? sum / faces : 0;
    }
    const at::Tensor summaries = all_defined(std::move(seen.summaries), "seeds");
    figures.kid_photos = training::kernel_distance(summaries, photos_);
    figures.kid_drawings = training::kernel_distance(summaries, drawings_);
    eyes_ = std::move(seen.eyes);
    return figures;
  }

  const SeedFiguresOptions& options_;
  const toon::Style style_;
  const engine::Compute compute_;
  face::SharedLandmarkPredictor predictor_;
  PhotoJudge judge_;
  datasets::FacePhotos source_;
  toon::Toonifier toonifier_;
  face::Landmarks mean_points_{};
  at::Tensor photos_, drawings_;
  std::vector<double> eyes_;  // of the last row
};

}  // namespace

std::vector<BlendFigures> measure_blends(const SeedFiguresOptions& options, const toon::Style& style,
                                         const engine::Compute& compute,
                                         const face::SharedLandmarkPredictor& predictor) {
  if (style.child.empty()) {
    throw Error(style.file.string() + ": has one generator, so there is nothing to blend",
                "name a style with a child");
  }
  if (options.nets.empty()) {
    throw Error("--blend needs the judging networks", "name their folder with --nets");
  }
  return BlendMeasurement(options, style, compute, predictor).measure();
}

}  // namespace toonmirror::evaluation
