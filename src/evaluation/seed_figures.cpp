#include "evaluation/seed_figures.h"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "evaluation/photo_figures.h"
#include "evaluation/photo_judge.h"
#include "toon/draw_faces.h"
#include "training/losses.h"

namespace toonmirror::evaluation {
namespace {

// new_body() gives body(i) to each of several threads, for all i < count.
template <typename NewBody>
void measure_each(size_t count, int threads, const char* label, NewBody new_body) {
  Progress progress(
      {.label = label, .unit = "faces", .rate_unit = "faces/s", .total = static_cast<int64_t>(count)});
  for_each_index(count, toon::drawing_workers(threads), [&] {
    return [&, body = new_body()](size_t i) mutable {
      const at::NoGradGuard no_grad;
      body(i);
      progress.advance();
    };
  });
}

// Figures of some pictures, by number; those that could not be made stay undefined.
struct Seen {
  explicit Seen(size_t count) : summaries(count), persons(count), sharpness(count, -1.0) {}
  std::vector<at::Tensor> summaries, persons;
  std::vector<double> sharpness;

  double mean_sharpness() const {
    double sum = 0, count = 0;
    for (const double value : sharpness) {
      if (value < 0) continue;
      sum += value;
      count += 1;
    }
    return count > 0 ? sum / count : 0;
  }
};

class SeedMeasurement {
 public:
  SeedMeasurement(const SeedFiguresOptions& options, const toon::Toonifier& seeds,
                  const toon::Toonifier& w_only, const face::SharedLandmarkPredictor& predictor)
      : options_(options),
        seeds_(seeds),
        w_only_(w_only),
        predictor_(predictor),
        judge_(options.nets, predictor),
        source_(datasets::find_face_photos(options.photos)) {}

  SeedFigures measure() {
    const std::vector<size_t> compared = compared_photos(options_, source_);
    std::vector<size_t> trained;
    for (size_t i = 0; i < source_.count; ++i) {
      if (options_.photos.index.empty() || !std::ranges::binary_search(source_.held_out, i))
        trained.push_back(i);
    }
    Seen photos(compared.size()), drawings(compared.size()), seeds(static_cast<size_t>(options_.count));
    see_photos(compared, photos, drawings);
    see_seeds(seeds);
    Seen training(trained.size());
    see_persons(trained, training);

    SeedFigures figures;
    figures.seeds = options_.count;
    const at::Tensor real = options_.reference.empty() ? all_defined(photos.summaries, "photos")
                                                       : reference_features(options_.reference, judge_);
    figures.photos = real.size(0);
    figures.kid = training::kernel_distance(all_defined(seeds.summaries, "seeds"), real);
    figures.kid_w_only = training::kernel_distance(all_defined(drawings.summaries, "photos"), real);
    figures.sharpness = seeds.mean_sharpness();
    figures.sharpness_w_only = drawings.mean_sharpness();
    figures.sharpness_photos = photos.mean_sharpness();
    const at::Tensor persons = all_defined(seeds.persons, "seeds");
    const at::Tensor cosines = at::matmul(persons, persons.t());
    const auto n = static_cast<double>(persons.size(0));
    figures.identity_between = (cosines.sum() - cosines.trace()).item<double>() / (n * (n - 1));
    const at::Tensor known = all_defined(training.persons, "training faces");
    figures.training_faces = known.size(0);
    const at::Tensor nearest = std::get<0>(at::matmul(persons, known.t()).max(1));
    figures.near_training = (nearest > kSamePerson).to(at::kDouble).mean().item<double>();
    return figures;
  }

 private:
  void see(const cv::Mat& picture, size_t i, Seen& seen) const {
    seen.summaries[i] = judge_.summary(picture);
    cv::Mat probabilities =
        w_only_.encode(resized(resized(picture, kJudgedSize_px), w_only_.crop_size_px())).parsing;
    cv::Mat labels(probabilities.size(), CV_8U);
    const int classes = probabilities.channels();
    for (int y = 0; y < labels.rows; ++y) {
      const auto* row = probabilities.ptr<float>(y);
      for (int x = 0; x < labels.cols; ++x, row += classes) {
        labels.at<uint8_t>(y, x) = static_cast<uint8_t>(std::max_element(row, row + classes) - row);
      }
    }
    seen.sharpness[i] = sharpness(picture, face_area(labels));
  }

  void see_photos(const std::vector<size_t>& numbers, Seen& photos, Seen& drawings) {
    measure_each(numbers.size(), options_.threads, "photos", [&] {
      return [&, read = source_.new_reader()](size_t i) {
        try {
          const teachers::TrainingPair pair = read(numbers[i]);
          see(pair.photo, i, photos);
          see(w_only_.render(w_only_.encode(resized(pair.photo, w_only_.crop_size_px()))), i, drawings);
          const std::lock_guard lock(mutex_);
          for (size_t k = 0; k < mean_points_.size(); ++k) mean_points_[k] += pair.landmarks[k];
          ++faces_;
        } catch (const Error&) {
          return;  // what cannot be read is left out
        }
      };
    });
    if (faces_ == 0) throw Error(options_.photos.photos.string() + ": no photo could be used");
    for (auto& point : mean_points_) point = point / static_cast<double>(faces_);
  }

  void see_seeds(Seen& seen) {
    // Seeds are aligned as the photos are: the face is where theirs are on average.
    const cv::Rect2f box = face::box_of(mean_points_);
    measure_each(seen.persons.size(), options_.threads, "seeds", [&] {
      return [&](size_t i) {
        const cv::Mat picture = seeds_.render({seeds_.latent_of_seed(static_cast<uint32_t>(i)), {}, {}});
        see(picture, i, seen);
        const cv::Mat small = resized(picture, kJudgedSize_px);
        seen.persons[i] = judge_.person(small, predictor_.get()->predict(small, box));
      };
    });
  }

  void see_persons(const std::vector<size_t>& numbers, Seen& seen) {
    measure_each(numbers.size(), options_.threads, "training faces", [&] {
      return [&, read = source_.new_reader()](size_t i) {
        try {
          const teachers::TrainingPair pair = read(numbers[i]);
          seen.persons[i] = judge_.person(pair.photo, pair.landmarks);
        } catch (const Error&) {
          return;
        }
      };
    });
  }

  const SeedFiguresOptions& options_;
  const toon::Toonifier& seeds_;
  const toon::Toonifier& w_only_;
  face::SharedLandmarkPredictor predictor_;
  PhotoJudge judge_;
  datasets::FacePhotos source_;
  std::mutex mutex_;
  face::Landmarks mean_points_{};
  int64_t faces_ = 0;
};

}  // namespace

std::vector<size_t> compared_photos(const SeedFiguresOptions& options, const datasets::FacePhotos& source) {
  if (!options.photos.index.empty()) return source.held_out;
  std::vector<size_t> all(source.count);
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

SeedFigures measure_seeds(const SeedFiguresOptions& options, const toon::Toonifier& seeds,
                          const toon::Toonifier& w_only, const face::SharedLandmarkPredictor& predictor) {
  if (options.nets.empty())
    throw Error("--seeds needs the judging networks", "name their folder with --nets");
  return SeedMeasurement(options, seeds, w_only, predictor).measure();
}

}  // namespace toonmirror::evaluation
