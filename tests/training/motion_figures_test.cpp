#include "training/motion_figures.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace toonmirror::training {
namespace {

at::Tensor smooth_picture() {
  torch::manual_seed(4);
  return at::upsample_bilinear2d(at::rand({1, 3, 8, 8}), {64, 64}, false);
}

TEST(WarpByPoints, PointsThatStayChangeNothing) {
  const at::Tensor picture = smooth_picture(), points = at::rand({10, 2}) * 50 + 6;
  EXPECT_LT((warp_by_points(picture, points, points) - picture).abs().max().item<double>(), 1e-2);
}

TEST(WarpByPoints, CarriesAPointToWhereItShallBe) {
  at::Tensor picture = at::zeros({1, 3, 64, 64});
  picture.slice(2, 28, 33).slice(3, 18, 23).fill_(1);  // a spot around (20, 30)
  const at::Tensor from = at::tensor({20.0f, 30.0f, 44.0f, 30.0f}).view({2, 2}),
                   to = at::tensor({26.0f, 36.0f, 44.0f, 30.0f}).view({2, 2});
  const at::Tensor warped = warp_by_points(picture, from, to);
  EXPECT_GT(warped[0][0][36][26].item<float>(), 0.9);
  EXPECT_LT(warped[0][0][28][19].item<float>(), 0.5);
  EXPECT_EQ(warped[0][0][0][0].item<float>(), 0);
}

}  // namespace
}  // namespace toonmirror::training
