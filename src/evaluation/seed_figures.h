// What faces of seeds are worth: `toonmirror evaluate --seeds`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "datasets/face_photos.h"
#include "face/landmarks.h"
#include "toon/toonifier.h"

namespace toonmirror::evaluation {

inline constexpr double kSeedPsi = 0.7;     // how far seeds are truncated
inline constexpr double kSamePerson = 0.6;  // identity cosine from which two pictures may show one person

struct SeedFiguresOptions {
  int64_t count = 0;  // seeds 0, 1, …
  datasets::FacePhotoOptions
      photos;  // faces to compare with; of an index the held-out ones, but for `near_training`
  std::filesystem::path nets, reference;  // reference: folder of pictures for KID instead of the photos
  int threads = 1;
};

// The photos that seeds are compared with: of an index the held-out ones, of a folder all.
std::vector<size_t> compared_photos(const SeedFiguresOptions& options, const datasets::FacePhotos& source);

struct SeedFigures {
  int64_t seeds = 0, photos = 0, training_faces = 0;
  double kid = 0;         // of the seeds' pictures against the photos
  double kid_w_only = 0;  // of the photos drawn from W+ alone
  // Inside the face as the parser sees it (evaluation/photo_judge.h).
  double sharpness = 0, sharpness_w_only = 0, sharpness_photos = 0;
  double identity_between = 0;  // mean cosine of two different seeds
  double near_training = 0;     // share of the seeds nearer than kSamePerson to any training face
};

// `seeds` truncates as seeds are to be; `w_only` draws without likeness features. Photos that cannot be used
// are left out. Throws Error where a folder or network cannot be used or fewer than two photos or seeds are
// there; Interrupted.
SeedFigures measure_seeds(const SeedFiguresOptions& options, const toon::Toonifier& seeds,
                          const toon::Toonifier& w_only, const face::SharedLandmarkPredictor& predictor);

}  // namespace toonmirror::evaluation
