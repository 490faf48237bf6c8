#include "datasets/face_attributes.h"

#include <spdlog/spdlog.h>

#include <limits>
#include <mutex>

#include "base/error.h"
#include "base/machine.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "toon/draw_faces.h"
#include "toon/pictures.h"
#include "training/directions.h"

namespace toonmirror::datasets {
namespace {

constexpr int kSize_px = 256;

FaceAttributes observe(const teachers::TrainingPair& pair, std::optional<int> age,
                       nets::HouseEncoder& encoder) {
  at::Tensor points = at::empty({1, face::kLandmarkCount, 2});
  for (int i = 0; i < face::kLandmarkCount; ++i) {
    points[0][i][0] = pair.landmarks[i].x;
    points[0][i][1] = pair.landmarks[i].y;
  }
  constexpr double kGlassesShare = 0.004;  // of the crop
  const cv::Mat glasses = pair.labels == static_cast<int>(nets::FaceClass::kGlasses);
  const bool wears = cv::countNonZero(glasses) > kGlassesShare * kSize_px * kSize_px;
  const float years = age ? static_cast<float>(*age) : std::numeric_limits<float>::quiet_NaN();
  return {
      encoder->forward(toon::tensor_from_picture(pair.photo), /*parse=*/false).w_plus().squeeze(0),
      at::cat({training::measure_landmarks(points).squeeze(0), at::tensor({years, wears ? 1.0F : 0.0F})})};
}

}  // namespace

std::vector<FaceAttributes> observe_faces(const FacePhotoOptions& photos, const nets::HouseEncoder& encoder) {
  const FacePhotos source = find_face_photos(photos);
  std::vector<FaceAttributes> observations;
  std::mutex mutex;
  Progress progress({.label = "directions",
                     .unit = "photos",
                     .rate_unit = "photos/s",
                     .total = static_cast<int64_t>(source.count)});
  for_each_index(source.count, toon::drawing_workers(usable_cores()), [&] {
    nets::HouseEncoder own = encoder;  // a handle to the same network
    return [&, own, read = source.new_reader()](size_t i) mutable {
      const at::NoGradGuard no_grad;
      progress.advance();
      try {
        FaceAttributes seen = observe(read(i), source.ages[i], own);
        const std::lock_guard lock(mutex);
        observations.push_back(std::move(seen));
      } catch (const Error& error) {
        spdlog::warn("left out: {}", error.what());
      }
    };
  });
  return observations;
}

}  // namespace toonmirror::datasets
