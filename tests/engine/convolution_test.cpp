#include "engine/convolution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "engine/backend.h"

namespace toonmirror::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// The largest difference as a share of the largest value.
double error(const at::Tensor& x, const at::Tensor& expected) {
  EXPECT_EQ(x.sizes(), expected.sizes());
  return ((x.to(at::kFloat) - expected).abs().max() / expected.abs().max()).item<double>();
}

struct Shape {
  int64_t in, out, kernel, stride, padding, height, width;
};

void PrintTo(const Shape& s, std::ostream* out) {
  *out << s.in << " -> " << s.out << ", " << s.kernel << "x" << s.kernel << " / " << s.stride << " + "
       << s.padding << ", " << s.height << "x" << s.width;
}

class EveryShape : public ::testing::TestWithParam<Shape> {
 protected:
  at::Tensor x_, weight_, bias_;

  void SetUp() override {
    const Shape& s = GetParam();
    torch::manual_seed(1);
    x_ = at::randn({2, s.in, s.height, s.width});
    weight_ = at::randn({s.out, s.in, s.kernel, s.kernel});
    bias_ = at::randn({s.out});
  }
};

TEST_P(EveryShape, GivesWhatConv2dGives) {
  const Shape& s = GetParam();
  const at::Tensor expected = at::conv2d(x_, weight_, {}, s.stride, s.padding);
  Convolution convolution({.stride = s.stride, .padding = {s.padding, s.padding}});
  convolution.set_weight(weight_);
  const at::Tensor y = convolution(x_);
  EXPECT_TRUE(y.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_LT(error(y, expected), 1e-5) << convolution.describe(x_);
  const at::Tensor halved = convolution(x_.to(at::kBFloat16));
  EXPECT_EQ(halved.scalar_type(), at::kBFloat16);
  EXPECT_LT(error(halved, expected), 0.02) << convolution.describe(x_.to(at::kBFloat16));
}

TEST_P(EveryShape, AddsBiasAndBends) {
  const Shape& s = GetParam();
  const at::Tensor expected = at::leaky_relu(at::conv2d(x_, weight_, bias_, s.stride, s.padding), 0.2);
  Convolution convolution({.stride = s.stride, .padding = {s.padding, s.padding}, .slope = 0.2});
  convolution.set_weight(weight_.contiguous(at::MemoryFormat::ChannelsLast), bias_);
  EXPECT_LT(error(convolution(x_), expected), 1e-5) << convolution.describe(x_);
  convolution.set_weight(weight_.to(at::kBFloat16), bias_);
  EXPECT_LT(error(convolution(x_.to(at::kBFloat16)), expected), 0.02);
}

TEST_P(EveryShape, AgreesInIntegers) {
  const Shape& s = GetParam();
  const at::Tensor expected = at::leaky_relu(at::conv2d(x_, weight_, bias_, s.stride, s.padding), 0.2);
  Convolution convolution(
      {.stride = s.stride, .padding = {s.padding, s.padding}, .slope = 0.2, .int8 = true});
  convolution.set_weight(weight_, bias_);
  const auto deviation = [&](const at::Tensor& y) {
    return ((y.to(at::kFloat) - expected).square().mean().sqrt() / expected.std()).item<double>();
  };
  const std::string words = convolution.describe(x_);
  const bool integers = words.starts_with("int8");
  EXPECT_EQ(integers, int8_pays() && std::min(s.in, s.out) >= 64) << words;
  EXPECT_LT(deviation(convolution(x_)), integers ? 0.02 : 1e-5) << words;
  EXPECT_LT(deviation(convolution(x_.to(at::kBFloat16))), 0.02) << words;
  // Any range will do, and none at all.
  const at::Tensor nothing = convolution(at::zeros_like(x_));
  const at::Tensor faint = (convolution(x_ * 1e-3) - nothing) * 1e3;
  const at::Tensor linear = at::conv2d(x_, weight_, {}, s.stride, s.padding);
  const at::Tensor slopes = at::where(nothing > 0, at::ones_like(nothing), at::full_like(nothing, 0.2));
  EXPECT_LT(((faint - linear * slopes).abs().median() / linear.std()).item<double>(), 0.02) << words;
}

INSTANTIATE_TEST_SUITE_P(Convolution, EveryShape,
                         ::testing::Values(Shape{64, 64, 3, 1, 1, 32, 32}, Shape{64, 128, 3, 1, 0, 34, 18},
                                           Shape{3, 32, 3, 2, 1, 64, 64}, Shape{32, 24, 3, 1, 1, 20, 20},
                                           Shape{24, 24, 3, 1, 1, 16, 16}, Shape{16, 5, 1, 1, 0, 9, 7},
                                           Shape{20, 33, 7, 1, 3, 16, 16}, Shape{128, 64, 3, 2, 1, 5, 4},
                                           Shape{256, 256, 3, 1, 1, 4, 4}, Shape{64, 16, 1, 2, 0, 8, 8}));

TEST(Convolution, TakesNewWeightsAndNewSizes) {
  Convolution convolution({.padding = {1, 1}});
  for (const int64_t size : {16, 24, 16}) {
    const at::Tensor weight = at::randn({64, 64, 3, 3}), x = at::randn({1, 64, size, size});
    convolution.set_weight(weight);
    EXPECT_LT(error(convolution(x), at::conv2d(x, weight, {}, 1, 1)), 1e-5);
  }
  const at::Tensor narrow = at::randn({8, 4, 3, 3}), x = at::randn({1, 4, 16, 16});
  convolution.set_weight(narrow);
  EXPECT_LT(error(convolution(x), at::conv2d(x, narrow, {}, 1, 1)), 1e-5);
}

TEST(Convolution, IsSharedByThreads) {
  Convolution convolution({.padding = {1, 1}});
  const at::Tensor weight = at::randn({64, 64, 3, 3});
  convolution.set_weight(weight);
  std::vector<double> errors(4);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < errors.size(); ++i) {
      threads.emplace_back([&, i] {
        at::set_num_threads(1);
        for (int64_t turn = 0; turn < 8; ++turn) {
          const at::Tensor x = at::randn({1, 64, 16 + 8 * (turn % 3), 16});
          errors[i] = std::max(errors[i], error(convolution(x), at::conv2d(x, weight, {}, 1, 1)));
        }
      });
    }
  }
  for (const double e : errors) EXPECT_LT(e, 1e-5);
}

TEST(Convolution, SaysWhatComputes) {
  Convolution direct({.padding = {1, 1}, .direct = true});
  direct.set_weight(at::randn({64, 64, 3, 3}));
  const std::string words = direct.describe(at::randn({1, 64, 32, 32}));
  EXPECT_THAT(words, ::testing::AnyOf(StartsWith("direct ("), "LibTorch"));
  EXPECT_THAT(words, ::testing::Not(HasSubstr("wino")));
}

TEST(Convolution, LeavesOtherTypesToLibTorch) {
  Convolution convolution({.padding = {1, 1}});
  const at::Tensor weight = at::randn({4, 4, 3, 3}), x = at::randn({1, 4, 8, 8}, at::kDouble);
  convolution.set_weight(weight);
  EXPECT_EQ(convolution.describe(x), "LibTorch");
  EXPECT_LT(error(convolution(x), at::conv2d(x, weight.to(at::kDouble), {}, 1, 1).to(at::kFloat)), 1e-6);
}

}  // namespace
}  // namespace toonmirror::engine
