#include "nets/upsampling_convolution.h"

#include <gtest/gtest.h>

#include "nets/modulation.h"

namespace toonmirror::nets {
namespace {

struct Shape {
  int64_t in, out, height, width;
};

void PrintTo(const Shape& s, std::ostream* out) {
  *out << s.in << "->" << s.out << " at " << s.height << "x" << s.width;
}

class UpsamplingLayer : public ::testing::TestWithParam<Shape> {
 protected:
  UpsamplingLayer() {
    torch::manual_seed(11);
    const Shape& s = GetParam();
    x_ = at::randn({2, s.in, s.height, s.width});
    weight_ = at::randn({s.out, s.in, 3, 3}) / std::sqrt(9.0 * static_cast<double>(s.in));
    finish_.scale = at::rand({2, s.out}) + 0.5;
    finish_.bias = at::randn({s.out});
  }

  // What the layer is by definition.
  at::Tensor composed() const {
    at::Tensor y = at::conv2d(upsample_2x(x_, /*margin=*/1), weight_);
    y = y * finish_.scale.unsqueeze(-1).unsqueeze(-1);
    if (finish_.noise.defined()) y = y + finish_.noise;
    y = at::leaky_relu(y + finish_.bias.view({1, -1, 1, 1}), kLreluSlope)
            .clamp(-finish_.limit, finish_.limit);
    return finish_.after.defined() ? y * finish_.after.unsqueeze(-1).unsqueeze(-1) : y;
  }

  at::Tensor prepared(at::ScalarType type) const {
    UpsamplingConvolution layer;
    layer.prepare(weight_, type);
    return layer(x_.to(type), finish_).to(at::kFloat);
  }

  at::NoGradGuard no_grad_;
  at::Tensor x_, weight_;
  LayerFinish finish_;
};

TEST_P(UpsamplingLayer, IsFilterConvolutionAndFinish) {
  const at::Tensor expected = composed();
  const at::Tensor y = prepared(at::kFloat);
  ASSERT_EQ(y.sizes(), expected.sizes());
  EXPECT_LT((y - expected).abs().max().item<double>(), 1e-5);
}

TEST_P(UpsamplingLayer, TakesNoiseLimitAndTheNextStyle) {
  const Shape& s = GetParam();
  finish_.noise = at::randn({2, 1, 2 * s.height, 2 * s.width});
  finish_.limit = 1.0;
  finish_.after = at::rand({2, s.out});
  EXPECT_LT((prepared(at::kFloat) - composed()).abs().max().item<double>(), 1e-5);
}

TEST_P(UpsamplingLayer, AgreesInBfloat16) {
  const at::Tensor expected = composed();
  const at::Tensor error = prepared(at::kBFloat16) - expected;
  EXPECT_LT((error.square().mean() / expected.square().mean()).sqrt().item<double>(), 0.01);
}

// Few channels are finished several pixels at a time, many in pieces of a row; odd sizes fit neither.
INSTANTIATE_TEST_SUITE_P(Shapes, UpsamplingLayer,
                         ::testing::Values(Shape{8, 24, 16, 16}, Shape{64, 32, 8, 8}, Shape{512, 512, 4, 4},
                                           Shape{16, 512, 2, 96}, Shape{3, 5, 7, 3}, Shape{24, 3, 1, 1}));

}  // namespace
}  // namespace toonmirror::nets
