#include "teachers/pair_builder.h"

#include <ATen/TensorIndexing.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/synthetic_face.h"
#include "support/temporary_folder.h"
#include "training/pair_pack.h"

namespace toonmirror::teachers {
namespace {

TrainingPair pair_called(const std::string& name, bool held_out, int target_px = 256) {
  const FaceDrawingInput face = testing::synthetic_face();
  cv::Mat target;
  cv::resize(~face.photo, target, {target_px, target_px}, 0, 0, cv::INTER_NEAREST);
  TrainingPair pair{name, face.landmarks, held_out, face.photo, face.labels, face.photo, target, face.labels};
  return pair;
}

TEST(PairBuilder, WritesWhatTrainingReads) {
  const testing::TemporaryFolder folder;
  PairBuilder builder(4, /*target_px=*/256);
  builder.store(0, pair_called("a", false));
  builder.store(2, pair_called("c", true));  // rows 1 and 3 were left out
  std::move(builder).write(folder / "pairs.safetensors", {{"teacher", "test"}});
  const training::PairPack pack(folder / "pairs.safetensors");
  EXPECT_EQ(pack.training_rows().size(), 1u);
  EXPECT_EQ(pack.held_out_rows().size(), 1u);
  const training::Batch batch = pack.batch({0});
  EXPECT_LT((batch.photo + batch.target).abs().max().item<float>(), 1e-5);  // the target is the negative
  EXPECT_NEAR(batch.landmarks[0][30][0].item<double>(), testing::synthetic_face().landmarks[30].x, 1e-3);
  EXPECT_EQ(batch.labels.max().item<int64_t>(), static_cast<int64_t>(face::Label::kHair));
}

TEST(PairBuilder, KeepsTargetsOfAnotherSizeBesideTheirPhotos) {
  const testing::TemporaryFolder folder;
  PairBuilder builder(3, /*target_px=*/512);
  builder.store(1, pair_called("b", false, 512));
  TrainingPair other = pair_called("c", false, 512);
  other.target.setTo(7);
  other.photo.setTo(9);
  builder.store(2, other);
  std::move(builder).write(folder / "pairs.safetensors", {});
  const checkpoint::SafetensorsFile file(folder / "pairs.safetensors");
  const at::Tensor photos = file.tensor("photos"), targets = file.tensor("targets");
  EXPECT_EQ(photos.sizes(), (std::vector<int64_t>{2, 256, 256, 3}));
  EXPECT_EQ(targets.sizes(), (std::vector<int64_t>{2, 512, 512, 3}));
  const auto every_second = at::indexing::Slice(0, at::indexing::None, 2);
  EXPECT_TRUE(at::equal(targets.index({0, every_second, every_second}), 255 - photos[0]));
  EXPECT_TRUE((targets[1] == 7).all().item<bool>());
  EXPECT_TRUE((photos[1] == 9).all().item<bool>());
}

TEST(PairBuilder, WritesNothingWithoutAPair) {
  const testing::TemporaryFolder folder;
  PairBuilder builder(2, 0);
  EXPECT_THROW(std::move(builder).write(folder / "pairs.safetensors", {{"teacher", "test"}}), Error);
  EXPECT_FALSE(std::filesystem::exists(folder / "pairs.safetensors"));
}

TEST(HeldOut, IsAStableFewPercent) {
  int count = 0;
  for (int i = 0; i < 5000; ++i) count += is_held_out("person-" + std::to_string(i)) ? 1 : 0;
  EXPECT_NEAR(count, 150, 50);
  EXPECT_EQ(is_held_out("someone"), is_held_out("someone"));
}

}  // namespace
}  // namespace toonmirror::teachers
