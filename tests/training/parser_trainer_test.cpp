#include "training/parser_trainer.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "nets/model_file.h"
#include "support/pair_pack.h"
#include "support/temporary_folder.h"
#include "training/parsing_loss.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kLabels_px = 256;

// The logits of a parser that is sure of these labels, at its own size.
at::Tensor sure_of(const at::Tensor& labels) {
  const int64_t step = kLabels_px / nets::kParsingSize_px;
  const at::Tensor cells = labels.slice(1, 0, kLabels_px, step).slice(2, 0, kLabels_px, step).contiguous();
  return at::one_hot(cells, nets::kFaceClassCount).permute({0, 3, 1, 2}).to(at::kFloat) * 20.0;
}

// Skin with a square of another class in it.
at::Tensor labels_with(nets::FaceClass other, int64_t side_px) {
  at::Tensor labels =
      at::full({1, kLabels_px, kLabels_px}, static_cast<int64_t>(nets::FaceClass::kSkin), at::kLong);
  labels.slice(1, 64, 64 + side_px).slice(2, 64, 64 + side_px).fill_(static_cast<int64_t>(other));
  return labels;
}

double loss_of(const at::Tensor& logits, const at::Tensor& labels) {
  return parsing_loss(logits, labels).item<double>();
}

TEST(ParsingLoss, IsSmallForWhoSeesRightAndLargeForWhoDoesNot) {
  const at::Tensor hair = labels_with(nets::FaceClass::kHair, 128);
  EXPECT_LT(loss_of(sure_of(hair), hair), 0.1);
  EXPECT_GT(loss_of(sure_of(labels_with(nets::FaceClass::kHat, 128)), hair), 1.0);
}

TEST(ParsingLoss, MissesASmallEyeMoreThanItsPixels) {
  const at::Tensor eye = labels_with(nets::FaceClass::kEye, 16);
  const at::Tensor blind = sure_of(labels_with(nets::FaceClass::kSkin, 16));
  // One pixel in 256 is wrong, but half of what is to be found.
  EXPECT_GT(loss_of(blind, eye) - loss_of(sure_of(eye), eye), 0.2);
}

TEST(ParsingLoss, HasNoSideItPrefers) {
  const at::Tensor logits =
      at::randn({1, nets::kFaceClassCount, nets::kParsingSize_px, nets::kParsingSize_px});
  const at::Tensor labels = at::randint(0, nets::kFaceClassCount, {1, kLabels_px, kLabels_px}, at::kLong);
  EXPECT_NEAR(loss_of(logits, labels), loss_of(logits.flip({3}), labels.flip({2})), 1e-4);
}

class TrainParser : public ::testing::Test {
 protected:
  TrainParser() {
    testing::write_pair_pack(folder_ / "pairs.safetensors", 4, /*with_targets=*/false);
    options_.pairs = folder_ / "pairs.safetensors";
    options_.encoder = std::filesystem::path(TOONMIRROR_SOURCE_DIR) / "models/encoder.safetensors";
    options_.run.output = folder_ / "out";
    options_.run.workers = 2;
    options_.run.batch_per_worker = 1;
    options_.run.steps = 2;
  }
  nets::FaceParser train() {
    RunHooks hooks;
    hooks.log = [](const std::string&) {};
    return train_parser(options_, hooks, [this](const std::filesystem::path&, const at::Tensor& picture) {
      sheet_ = picture;
    });
  }

  testing::TemporaryFolder folder_;
  ParserTrainingOptions options_;
  at::Tensor sheet_;
};

TEST_F(TrainParser, LearnsAHeadOnTheEncodersStages) {
  const nets::HouseEncoder encoder = nets::load_house_encoder(checkpoint::CheckpointFile(options_.encoder));
  options_.run.steps = 1;
  const nets::FaceParser after_one = train();
  options_.run.steps = 2;  // goes on from the checkpoint
  const nets::FaceParser after_two = train();
  EXPECT_TRUE(nets::share_stages(*encoder, after_one));
  EXPECT_TRUE(nets::share_stages(*encoder, after_two));
  const checkpoint::NamedTensors before = nets::named_tensors(*after_one);
  for (const auto& [name, tensor] : nets::named_tensors(*after_two)) {
    EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
    EXPECT_EQ(at::equal(tensor, before.at(name)), !name.starts_with("parsing.")) << name;
  }
  EXPECT_EQ(sheet_.size(1), 3 * kLabels_px);
}

TEST_F(TrainParser, RefusesWhatIsNoEncoder) {
  options_.encoder = options_.pairs;
  EXPECT_THROW(train(), Error);
}

}  // namespace
}  // namespace toonmirror::training
