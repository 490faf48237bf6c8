#include "training/directions.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"

namespace toonmirror::training {
namespace {

TEST(Directions, TellApartAttributesThatComeTogether) {
  at::manual_seed(5);
  const int64_t count = 4000;
  const at::Tensor older = at::randn({count}), glasses = 0.7 * older + 0.5 * at::randn({count});
  const at::Tensor truth = at::randn({2, 3, 8});
  const at::Tensor latents = older.view({-1, 1, 1}) * truth[0] + glasses.view({-1, 1, 1}) * truth[1] +
                             0.3 * at::randn({count, 3, 8});
  const at::Tensor found = find_directions(latents, at::stack({older * 10 + 40, glasses}, 1));
  // In units of each attribute's deviation.
  EXPECT_TRUE(at::allclose(found[0], truth[0] * older.std(), 0.02, 0.05));
  EXPECT_TRUE(at::allclose(found[1], truth[1] * glasses.std(), 0.02, 0.05));
}

TEST(Directions, CountUnknownValuesAsTheMean) {
  at::manual_seed(6);
  const at::Tensor age = at::randn({3000});
  const at::Tensor latents = age.view({-1, 1, 1}) * at::ones({1, 2, 4}) + 0.1 * at::randn({3000, 2, 4});
  at::Tensor known = age.clone();
  known.slice(0, 0, 1500).fill_(std::numeric_limits<float>::quiet_NaN());
  const at::Tensor found = find_directions(latents, known.unsqueeze(1));
  EXPECT_GT(found.min().item<float>(), 0.9);
  EXPECT_LT(found.max().item<float>(), 1.1);
}

TEST(Directions, RefuseTooFewFacesAndAttributesThatNeverChange) {
  EXPECT_THROW(find_directions(at::randn({9, 2, 4}), at::randn({9, 1})), Error);
  EXPECT_THROW(find_directions(at::randn({50, 2, 4}), at::ones({50, 1})), Error);
}

TEST(LandmarkAttributes, RiseWithWhatTheyAreCalled) {
  at::Tensor face = at::full({1, 68, 2}, 128.0f);
  const auto put = [&face](int64_t first, int64_t last, double x, double y) {
    face.slice(1, first, last).select(2, 0).fill_(x);
    face.slice(1, first, last).select(2, 1).fill_(y);
  };
  put(0, 1, 50, 130), put(16, 17, 206, 130), put(36, 42, 90, 110), put(42, 48, 166, 110);
  put(48, 49, 108, 180), put(54, 55, 148, 180), put(51, 52, 128, 176), put(57, 58, 128, 186),
      put(30, 31, 128, 145);
  const auto with = [&face](int64_t point, double dx, double dy) {
    at::Tensor changed = face.clone();
    changed[0][point][0] += dx;
    changed[0][point][1] += dy;
    return measure_landmarks(changed)[0];
  };
  const at::Tensor plain = measure_landmarks(face)[0];
  ASSERT_EQ(plain.size(0), std::ssize(landmark_attributes()));
  const auto rises = [&](const at::Tensor& changed, int64_t attribute) {
    EXPECT_GT(changed[attribute].item<float>(), plain[attribute].item<float>() + 0.01);
  };
  rises(with(30, 10, 0), 0);
  rises(with(30, 0, 10), 1);
  rises(with(48, -5, -3), 2);
  rises(with(66, 0, 12), 3);
  rises(with(37, 0, 4), 4);  // an upper lid that comes down
}

}  // namespace
}  // namespace toonmirror::training
