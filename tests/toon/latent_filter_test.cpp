#include "toon/latent_filter.h"

#include <gtest/gtest.h>

namespace toonmirror::toon {
namespace {

constexpr double kFrame_s = 1.0 / 25;

class LatentFilterTest : public ::testing::Test {
 protected:
  LatentFilterTest() {
    torch::manual_seed(4);
    base_ = at::randn({1, 14, 64});
    features_ = at::randn({1, 8, 16, 16});
  }

  FaceCode noisy(double share) const {
    return {base_ + share * at::randn_like(base_), {{32, features_ + share * at::randn_like(features_)}}, {}};
  }

  double distance(const FaceCode& code) const {
    return ((code.ws - base_).norm() / base_.norm()).item<double>();
  }

  at::Tensor base_, features_;
  LatentFilter filter_;
};

TEST_F(LatentFilterTest, SteadiesAFaceAtRest) {
  filter_.set_stability(1);
  constexpr double kNoise = 0.01;
  double distance_sum = 0;
  for (int i = 0; i < 50; ++i) {
    FaceCode code = noisy(kNoise);
    filter_.smooth(0, i * kFrame_s, code);
    if (i >= 25) distance_sum += distance(code);
  }
  EXPECT_LT(distance_sum / 25, kNoise / 2);
}

TEST_F(LatentFilterTest, FollowsALargeChangeAtOnce) {
  filter_.set_stability(1);
  FaceCode first = noisy(0);
  filter_.smooth(0, 0, first);
  FaceCode jump = noisy(0.5);
  const at::Tensor ws = jump.ws, features = jump.features.at(32);
  filter_.smooth(0, kFrame_s, jump);
  EXPECT_TRUE(at::equal(jump.ws, ws));
  EXPECT_TRUE(at::equal(jump.features.at(32), features));
}

TEST_F(LatentFilterTest, LeavesEverythingAtStabilityZero) {
  filter_.set_stability(0);
  for (int i = 0; i < 3; ++i) {
    FaceCode code = noisy(0.01);
    const at::Tensor ws = code.ws;
    filter_.smooth(0, i * kFrame_s, code);
    EXPECT_TRUE(at::equal(code.ws, ws));
  }
}

TEST_F(LatentFilterTest, KeepsFacesApartAndForgetsThem) {
  filter_.set_stability(1);
  FaceCode first = noisy(0);
  filter_.smooth(0, 0, first);
  for (const auto& [track, time_s] : {std::pair{1, kFrame_s}, std::pair{0, 5.0}}) {
    FaceCode code = noisy(0.01);
    const at::Tensor ws = code.ws;
    filter_.smooth(track, time_s, code);
    EXPECT_TRUE(at::equal(code.ws, ws)) << "track " << track;
  }
}

TEST_F(LatentFilterTest, LateFramesGetWhatTheNewestBecame) {
  FaceCode newest = noisy(0);
  filter_.smooth(0, 1.0, newest);
  FaceCode late = noisy(0.01);
  filter_.smooth(0, 1.0 - kFrame_s, late);
  EXPECT_TRUE(at::equal(late.ws, newest.ws));
}

}  // namespace
}  // namespace toonmirror::toon
