#include "nets/house_encoder.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "nets/model_file.h"
#include "support/temporary_folder.h"

namespace toonmirror::nets {
namespace {

HouseEncoder small_encoder() {
  HouseEncoderOptions options;
  options.w_dim = 32;
  options.channels = {4, 6, 8, 10, 12};
  options.likeness_channels = {{32, 5}, {64, 3}};
  torch::manual_seed(11);
  return HouseEncoder(options);
}

at::Tensor picture() {
  torch::manual_seed(12);
  return (at::rand({2, 3, 256, 256}) * 2 - 1).contiguous(at::MemoryFormat::ChannelsLast);
}

TEST(HouseEncoder, GivesLatentsFeaturesAndParsing) {
  const at::NoGradGuard no_grad;
  HouseEncoder encoder = small_encoder();
  const HouseEncoding code = encoder->forward(picture(), /*parse=*/true);
  EXPECT_EQ(code.w_plus().sizes(), (std::vector<int64_t>{2, 14, 32}));
  EXPECT_EQ(code.features.at(32).sizes(), (std::vector<int64_t>{2, 5, 32, 32}));
  EXPECT_EQ(code.features.at(64).sizes(), (std::vector<int64_t>{2, 3, 64, 64}));
  EXPECT_EQ(code.parsing.sizes(),
            (std::vector<int64_t>{2, kFaceClassCount, kParsingSize_px, kParsingSize_px}));
  EXPECT_FALSE(encoder->forward(picture(), /*parse=*/false).parsing.defined());
}

TEST(HouseEncoder, StartsInPlainW) {
  const at::NoGradGuard no_grad;
  const HouseEncoding code = small_encoder()->forward(picture(), /*parse=*/false);
  EXPECT_EQ(code.deltas.abs().max().item<double>(), 0.0);
}

TEST(HouseEncoder, TreatsThePicturesOfABatchAlone) {
  const at::NoGradGuard no_grad;
  HouseEncoder encoder = small_encoder();
  const at::Tensor both = picture();
  const HouseEncoding together = encoder->forward(both, /*parse=*/true);
  const HouseEncoding alone = encoder->forward(both.narrow(0, 1, 1), /*parse=*/true);
  EXPECT_TRUE(at::allclose(together.w.narrow(0, 1, 1), alone.w, 1e-4, 1e-4));
  EXPECT_TRUE(at::allclose(together.parsing.narrow(0, 1, 1), alone.parsing, 1e-4, 1e-4));
}

TEST(HouseEncoder, ComputesInBfloat16WithinItsPrecision) {
  const at::NoGradGuard no_grad;
  HouseEncoder encoder = small_encoder();
  const at::Tensor expected = encoder->forward(picture(), /*parse=*/false).w;
  encoder->prepare(at::kBFloat16);
  const at::Tensor actual = encoder->forward(picture().to(at::kBFloat16), /*parse=*/false).w;
  EXPECT_EQ(actual.scalar_type(), at::kFloat);
  EXPECT_LT((actual - expected).norm().item<double>() / expected.norm().item<double>(), 0.03);
}

HouseEncoderOptions projecting() {
  HouseEncoderOptions options = small_encoder()->options();
  options.projection_px = 8;
  return options;
}

TEST(HouseEncoder, ProjectionAloneIsLinear) {
  const at::NoGradGuard no_grad;
  HouseEncoder encoder(projecting());
  const at::Tensor pictures_of_two = picture();
  const at::Tensor with_stages = encoder->forward(pictures_of_two, /*parse=*/false).w;
  encoder->silence_stages();
  const auto w_of = [&](const at::Tensor& x) { return encoder->forward(x, /*parse=*/false).w; };
  const at::Tensor both = w_of(pictures_of_two);
  EXPECT_FALSE(at::allclose(both, with_stages));
  const at::Tensor between = w_of(pictures_of_two.mean(0, /*keepdim=*/true));
  EXPECT_TRUE(at::allclose(between, both.mean(0, /*keepdim=*/true), 1e-3, 1e-3));
  EXPECT_GT((both[0] - both[1]).abs().max().item<double>(), 1e-3);
}

TEST(HouseEncoder, AnEarlierOneLosesNothingInANewerArchitecture) {
  const at::NoGradGuard no_grad;
  HouseEncoder earlier = small_encoder(), now(projecting());
  assign_earlier(*now, *earlier, "test");
  const HouseEncoding a = earlier->forward(picture(), /*parse=*/true), b = now->forward(picture(), true);
  EXPECT_TRUE(at::allclose(a.parsing, b.parsing));
  EXPECT_TRUE(at::equal(a.features.at(32), b.features.at(32)));
  EXPECT_THROW(assign_earlier(*earlier, *now, "test"), Error);
}

TEST(HouseEncoder, ProjectionIsKeptInItsFile) {
  const testing::TemporaryFolder folder;
  const at::NoGradGuard no_grad;
  HouseEncoder original(projecting());
  save_network(folder / "e.safetensors", original, "test-family", {});
  HouseEncoder copy = load_house_encoder(checkpoint::CheckpointFile(folder / "e.safetensors"));
  EXPECT_EQ(architecture_json(copy->options()), architecture_json(original->options()));
  const at::Tensor expected = original->forward(picture(), /*parse=*/false).w;
  const at::Tensor actual = copy->forward(picture(), /*parse=*/false).w;
  EXPECT_LT((actual - expected).norm().item<double>(), 0.01 * expected.norm().item<double>());
}

TEST(HouseEncoder, RefusesAnUnknownShape) {
  HouseEncoderOptions options;
  options.resolution = 128;
  EXPECT_THROW(HouseEncoder encoder(options), Error);
  options = projecting();
  options.projection_px = 65;
  EXPECT_THROW(HouseEncoder encoder(options), Error);
}

}  // namespace
}  // namespace toonmirror::nets
