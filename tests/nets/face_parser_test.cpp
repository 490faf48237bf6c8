#include "nets/face_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "nets/house_encoder.h"
#include "nets/model_file.h"
#include "support/temporary_folder.h"

namespace toonmirror::nets {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::vector<int64_t> kStages = {4, 6, 8, 10, 12};
const ParsingLevels kLevels = {{8, {6, 2}}, {16, {6, 2}}, {32, {4, 1}}, {64, {4, 3}}, {128, {2, 1}}};

HouseEncoder small_encoder(uint64_t seed) {
  HouseEncoderOptions options;
  options.w_dim = 32;
  options.channels = kStages;
  torch::manual_seed(seed);
  return HouseEncoder(options);
}

at::Tensor picture() {
  torch::manual_seed(12);
  return (at::rand({2, 3, 256, 256}) * 2 - 1).contiguous(at::MemoryFormat::ChannelsLast);
}

void round_to_half(torch::nn::Module& module) {
  const at::NoGradGuard no_grad;
  for (at::Tensor& parameter : module.parameters()) parameter.copy_(parameter.to(at::kHalf));
}

// An encoder's file and beside it that of a parser on its stages.
class ParserFile : public ::testing::Test {
 protected:
  ParserFile() {
    round_to_half(*encoder_);
    save_network(encoder_path_, encoder_, "test-family", {});
    torch::manual_seed(3);
    parser_ = FaceParser(FaceParserOptions{kStages, kLevels});
    round_to_half(*parser_);
    const checkpoint::CheckpointFile encoder(encoder_path_);
    copy_stages(load_face_parser(encoder), parser_);
    save_parser(parser_path_, parser_, encoder, {});
  }
  FaceParser load() const { return load_face_parser(checkpoint::CheckpointFile(parser_path_)); }

  testing::TemporaryFolder folder_;
  std::filesystem::path encoder_path_ = folder_ / "e.safetensors", parser_path_ = folder_ / "p.safetensors";
  HouseEncoder encoder_ = small_encoder(1);
  FaceParser parser_{nullptr};
};

TEST(FaceParser, ParsesAloneAsFromKnownStages) {
  const at::NoGradGuard no_grad;
  FaceParser parser(FaceParserOptions{kStages, kLevels});
  const at::Tensor alone = parser->forward(picture());
  EXPECT_EQ(alone.sizes(), (std::vector<int64_t>{2, kFaceClassCount, kParsingSize_px, kParsingSize_px}));
  EXPECT_TRUE(at::equal(parser->parse(parser->stages(picture())), alone));
}

TEST(FaceParser, ComputesInBfloat16WithinItsPrecision) {
  const at::NoGradGuard no_grad;
  FaceParser parser(FaceParserOptions{kStages, kLevels});
  const at::Tensor expected = parser->forward(picture());
  parser->prepare(at::kBFloat16);
  const at::Tensor actual = parser->forward(picture().to(at::kBFloat16));
  EXPECT_EQ(actual.scalar_type(), at::kFloat);
  EXPECT_LT((actual - expected).norm().item<double>() / expected.norm().item<double>(), 0.03);
}

TEST(FaceParser, EveryLayerOfItsLevelsCounts) {
  FaceParser parser(FaceParserOptions{kStages, kLevels});
  parser->forward(picture()).square().mean().backward();
  for (const auto& item : parser->named_parameters()) {
    EXPECT_GT(item.value().grad().abs().max().item<double>(), 0.0) << item.key();
  }
}

TEST(FaceParser, RefusesLevelsThatDoNotFitItsStages) {
  ParsingLevels levels = kLevels;
  levels.erase(16);
  EXPECT_THROW(FaceParser(FaceParserOptions{kStages, levels}), Error);
  levels[4] = {6, 1};
  EXPECT_THROW(FaceParser(FaceParserOptions{kStages, levels}), Error);
  levels = kLevels;
  for (const ParsingLevel unsound : {ParsingLevel{6, 0}, {0, 1}, {-1, 1}, {1 << 20, 1}, {6, 1LL << 40}}) {
    levels[16] = unsound;
    EXPECT_THROW(FaceParser(FaceParserOptions{kStages, levels}), Error);
  }
  EXPECT_THROW(FaceParser(FaceParserOptions{{4, 6}, kLevels}), Error);
  EXPECT_THROW(FaceParser(FaceParserOptions{{4, 6, 8, 10, 0}, kLevels}), Error);
}

TEST_F(ParserFile, LeavesOutTheStagesAndFindsThemBesideIt) {
  const at::NoGradGuard no_grad;
  const checkpoint::CheckpointFile file(parser_path_);
  EXPECT_FALSE(file.tensors().empty());
  for (const auto& [name, entry] : file.tensors()) {
    EXPECT_TRUE(name.starts_with("parsing.")) << name;
  }
  FaceParser loaded = load();
  EXPECT_EQ(architecture_json(loaded->options()), architecture_json(parser_->options()));
  EXPECT_TRUE(at::equal(loaded->forward(picture()), parser_->forward(picture())));
}

TEST_F(ParserFile, GoesWithItsEncoderAlone) {
  save_network(encoder_path_, small_encoder(2), "test-family", {});
  EXPECT_THAT([&] { load(); }, ThrowsMessage<Error>(HasSubstr("belongs to another e.safetensors")));
  std::filesystem::remove(encoder_path_);
  EXPECT_THAT([&] { load(); }, ThrowsMessage<Error>(HasSubstr("not beside it")));
}

TEST_F(ParserFile, SharesTheStagesOfItsEncoder) {
  EXPECT_TRUE(share_stages(*encoder_, load()));
  EXPECT_FALSE(share_stages(*small_encoder(2), load()));
}

TEST_F(ParserFile, AnEncoderHasOneToo) {
  const at::NoGradGuard no_grad;
  FaceParser own = load_face_parser(checkpoint::CheckpointFile(encoder_path_));
  EXPECT_TRUE(at::equal(own->forward(picture()), encoder_->forward(picture(), /*parse=*/true).parsing));
}

TEST_F(ParserFile, IsNamedWhereItsArchitectureIsUnsound) {
  checkpoint::write_safetensors(
      folder_ / "odd.safetensors", {{"x", at::ones({1})}},
      {{kKindKey, "parser"},
       {kArchitectureKey, R"({"stages": [4, 6, 8, 10, 12], "levels": {"8": {"channels": 6, "depth": 2}}})"}});
  EXPECT_THAT([&] { load_face_parser(checkpoint::CheckpointFile(folder_ / "odd.safetensors")); },
              ThrowsMessage<Error>(AllOf(HasSubstr("odd.safetensors: "), HasSubstr("levels"))));
}

TEST_F(ParserFile, IsNotFoundInOtherFiles) {
  checkpoint::write_safetensors(folder_ / "x.safetensors", {{"x", at::ones({1})}}, {});
  EXPECT_THAT([&] { load_face_parser(checkpoint::CheckpointFile(folder_ / "x.safetensors")); },
              ThrowsMessage<Error>(HasSubstr("holds no face parser")));
}

}  // namespace
}  // namespace toonmirror::nets
