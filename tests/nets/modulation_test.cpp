#include "nets/modulation.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <functional>

namespace toonmirror::nets {
namespace {

using Operation = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

// Convolves every channel with its own 4×4 kernel, without padding.
at::Tensor filter_channels(const at::Tensor& x, const at::Tensor& kernel) {
  const std::vector<int64_t> one = {1}, none = {0};
  return at::conv2d(x, kernel, {}, one, none, one, x.size(1));
}

at::Tensor per_channel(const at::Tensor& values) { return values.unsqueeze(-1).unsqueeze(-1); }

// Values and gradients of the fused operation agree with those of LibTorch's own operations.
void expect_same(const Operation& fused, const Operation& composed, const std::vector<at::Tensor>& inputs) {
  std::vector<at::Tensor> a, b;
  for (const at::Tensor& input : inputs) {
    a.push_back(input.clone().requires_grad_());
    b.push_back(input.clone().requires_grad_());
  }
  const at::Tensor ya = fused(a), yb = composed(b);
  ASSERT_EQ(ya.sizes(), yb.sizes());
  EXPECT_LT((ya - yb).abs().max().item<double>(), 1e-4);
  const at::Tensor direction = at::randn_like(yb);
  (ya * direction).sum().backward();
  (yb * direction).sum().backward();
  for (size_t i = 0; i < a.size(); ++i) {
    const double scale = b[i].grad().abs().max().item<double>() + 1e-6;
    EXPECT_LT((a[i].grad() - b[i].grad()).abs().max().item<double>() / scale, 1e-4)
        << "gradient of input " << i;
  }
}

class Modulation
    : public ::testing::TestWithParam<int64_t> {  // number of channels: full vectors, and remainders
 protected:
  void SetUp() override { torch::manual_seed(7); }
  at::Tensor activations() const { return at::randn({2, GetParam(), 6, 5}); }
  at::Tensor styles() const { return at::rand({2, GetParam()}) + 0.5; }
};

TEST_P(Modulation, ModulateMultipliesChannels) {
  expect_same([](const auto& x) { return modulate(x[0], x[1]); },
              [](const auto& x) { return x[0] * per_channel(x[1]); }, {activations(), styles()});
}

TEST_P(Modulation, ScaleBiasLreluIsTheComposition) {
  expect_same([](const auto& x) { return scale_bias_lrelu(x[0], x[1], x[2]); },
              [](const auto& x) {
                return at::leaky_relu(x[0] * per_channel(x[1]) + x[2].view({1, -1, 1, 1}), 0.2);
              },
              {activations(), styles(), at::randn({GetParam()})});
}

TEST_P(Modulation, OneScaleForAllImagesGetsTheSumOfTheirGradients) {
  expect_same([](const auto& x) { return scale_bias_lrelu(x[0], x[1], x[2]); },
              [](const auto& x) {
                return at::leaky_relu(x[0] * per_channel(x[1]) + x[2].view({1, -1, 1, 1}), 0.2);
              },
              {activations(), styles().slice(0, 0, 1), at::randn({GetParam()})});
}

TEST_P(Modulation, ToRgbIsAPerImageOneByOneConvolution) {
  expect_same([](const auto& x) { return to_rgb(x[0], x[1]); },
              [](const auto& x) {
                return at::einsum("nchw,noc->nohw", {x[0], x[1]});
              },
              {activations(), at::randn({2, 3, GetParam()})});
}

TEST_P(Modulation, ChannelDotSumsProducts) {
  expect_same([](const auto& x) { return channel_dot(x[0], x[1]); },
              [](const auto& x) { return (x[0] * x[1]).sum(1, true); }, {activations(), activations()});
}

TEST_P(Modulation, UpsamplingIsTheReferencesFilter) {
  for (const int64_t margin : {0, 1}) {
    expect_same([margin](const auto& x) { return upsample_2x(x[0], margin); },
                [margin](const auto& x) {
                  // Zeros between the samples, then the filter, as upfirdn2d_native does.
                  const int64_t channels = x[0].size(1);
                  const at::Tensor taps = at::tensor({1.0f, 3.0f, 3.0f, 1.0f});
                  const at::Tensor kernel = (at::outer(taps, taps) / 16.0).expand({channels, 1, 4, 4});
                  const at::Tensor identity = at::ones({channels, 1, 1, 1});
                  const at::Tensor spread = at::conv_transpose2d(x[0], identity, {}, 2, 0, 1, channels);
                  const int64_t before = 2 + margin, after = 1 + margin;
                  return filter_channels(at::constant_pad_nd(spread, {before, after, before, after}), kernel);
                },
                {activations()});
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, Modulation, ::testing::Values(3, 24, 32, 67));

// Karras et al. 2020: the reference convolves transposed with stride 2, then filters; we filter, then
// convolve.
TEST(Upsampling, CommutesWithTheConvolution) {
  torch::manual_seed(3);
  const at::Tensor x = at::randn({1, 4, 8, 8}, at::kDouble).to(at::kFloat);
  const at::Tensor weight = at::randn({5, 4, 3, 3});
  const at::Tensor transposed = at::conv_transpose2d(x, weight.transpose(0, 1).flip({2, 3}), {}, 2);
  const at::Tensor taps = at::tensor({1.0f, 3.0f, 3.0f, 1.0f});
  const at::Tensor kernel = (at::outer(taps, taps) / 16.0).expand({5, 1, 4, 4});
  const at::Tensor reference = filter_channels(at::constant_pad_nd(transposed, {1, 1, 1, 1}), kernel);
  const at::Tensor ours = at::conv2d(upsample_2x(x, 1), weight);
  ASSERT_EQ(ours.sizes(), reference.sizes());
  EXPECT_LT((ours - reference).abs().max().item<double>(), 1e-4);
}

TEST(Bfloat16, AgreesWithFloatToItsPrecision) {
  torch::manual_seed(5);
  const at::Tensor x = at::randn({2, 24, 9, 7});
  const at::Tensor scale = at::rand({2, 24}) + 0.5, bias = at::randn({24});
  const at::Tensor expected = scale_bias_lrelu(x.to(at::kBFloat16).to(at::kFloat), scale, bias);
  const at::Tensor actual = scale_bias_lrelu(x.to(at::kBFloat16), scale, bias);
  EXPECT_EQ(actual.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(actual, expected.to(at::kBFloat16)));  // one rounding, LibTorch's
}

TEST(Threads, DoNotChangeValues) {
  torch::manual_seed(6);
  const at::Tensor x = at::randn({1, 16, 33, 17}), scale = at::rand({1, 16}), bias = at::randn({16});
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = scale_bias_lrelu(modulate(upsample_2x(x, 1), scale), scale, bias);
  at::set_num_threads(2);
  const at::Tensor two = scale_bias_lrelu(modulate(upsample_2x(x, 1), scale), scale, bias);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one, two));
}

TEST(PreparedWeights, AreTheWeightsAndTheSumsOfTheirSquares) {
  torch::manual_seed(7);
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    WeightForInference prepared;
    for (int round = 0; round < 2; ++round) {  // the second writes into the first's tensors
      const at::Tensor weight = at::randn({20, 33, 3, 3});
      prepare_weight(weight, 0.25, type, prepared);
      EXPECT_TRUE(at::equal(prepared.ready, (weight * 0.25).to(type)));
      EXPECT_TRUE(prepared.ready.is_contiguous(at::MemoryFormat::ChannelsLast));
      EXPECT_TRUE(at::allclose(prepared.squares, weight.square().sum({2, 3}), 1e-5));
    }
    prepare_weight(at::randn({4, 8, 1, 1}), 1.0, type, prepared);
    EXPECT_EQ(prepared.ready.sizes(), (at::IntArrayRef{4, 8, 1, 1}));
    EXPECT_EQ(prepared.squares.sizes(), (at::IntArrayRef{4, 8}));
  }
}

}  // namespace
}  // namespace toonmirror::nets
