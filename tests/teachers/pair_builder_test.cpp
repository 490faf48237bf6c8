#include "teachers/pair_builder.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/synthetic_face.h"
#include "support/temporary_folder.h"
#include "training/pair_pack.h"

namespace toonmirror::teachers {
namespace {

TrainingPair pair_called(const std::string& name, bool held_out) {
  const FaceDrawingInput face = testing::synthetic_face();
  TrainingPair pair{name,        face.landmarks, held_out,    face.photo,
                    face.labels, face.photo,     ~face.photo, face.labels};
  return pair;
}

TEST(PairBuilder, WritesWhatTrainingReads) {
  const testing::TemporaryFolder folder;
  PairBuilder builder(4, /*with_targets=*/true);
  builder.store(0, pair_called("a", false));
  builder.store(2, pair_called("c", true));  // rows 1 and 3 were left out
  builder.write(folder / "pairs.safetensors", {{"teacher", "test"}});
  const training::PairPack pack(folder / "pairs.safetensors");
  EXPECT_EQ(pack.training_rows().size(), 1u);
  EXPECT_EQ(pack.held_out_rows().size(), 1u);
  const training::Batch batch = pack.batch({0});
  EXPECT_LT((batch.photo + batch.target).abs().max().item<float>(), 1e-5);  // the target is the negative
  EXPECT_NEAR(batch.landmarks[0][30][0].item<double>(), testing::synthetic_face().landmarks[30].x, 1e-3);
  EXPECT_EQ(batch.labels.max().item<int64_t>(), static_cast<int64_t>(face::Label::kHair));
}

TEST(PairBuilder, WritesNothingWithoutAPair) {
  const testing::TemporaryFolder folder;
  const PairBuilder builder(2, false);
  EXPECT_THROW(builder.write(folder / "pairs.safetensors", {{"teacher", "test"}}), Error);
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
