#include "training/clip_pack.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/error.h"
#include "nets/face_mesh_points.h"
#include "support/face_mesh.h"
#include "support/temporary_folder.h"
#include "training/mirrored_landmarks.h"

namespace toonmirror::training {
namespace {

// Clip c has frames of brightness 40 · c, with landmarks at (10 · c, frame).
void write_clips(const std::filesystem::path& path, const std::vector<int64_t>& lengths) {
  std::vector<int64_t> clip_of;
  std::vector<at::Tensor> frames, landmarks, meshes;
  for (size_t c = 0; c < lengths.size(); ++c) {
    for (int64_t i = 0; i < lengths[c]; ++i) {
      clip_of.push_back(static_cast<int64_t>(c));
      frames.push_back(at::full({256, 256, 3}, 40 * static_cast<int64_t>(c), at::kByte));
      at::Tensor points = at::full({68, 2}, static_cast<float>(i));
      points.select(1, 0).fill_(10.0f * static_cast<float>(c));
      landmarks.push_back(points);
      // Some unlike the others, but symmetrical, so that partners are found.
      meshes.push_back(testing::synthetic_mesh() * (0.5 + 0.01 * static_cast<double>(i)));
    }
  }
  at::Tensor held_out = at::zeros({static_cast<int64_t>(lengths.size())}, at::kByte);
  held_out[-1] = 1;
  checkpoint::write_safetensors(path,
                                {{"frames", at::stack(frames)},
                                 {"landmarks", at::stack(landmarks)},
                                 {"mesh", at::stack(meshes)},
                                 {"clip", at::tensor(clip_of, at::kLong)},
                                 {"held_out", held_out}},
                                {{"toonmirror.kind", "clips"}});
}

TEST(MirroredLandmarks, RenamesLeftAndRight) {
  const at::Tensor points = at::rand({3, 68, 2}) * 255;
  EXPECT_TRUE(at::allclose(mirrored_landmarks(mirrored_landmarks(points)), points, 1e-4, 1e-3));
  const at::Tensor mirrored = mirrored_landmarks(points);
  for (const auto& [one, other] :
       {std::pair{0, 16}, {8, 8}, {17, 26}, {36, 45}, {41, 46}, {31, 35}, {48, 54}, {62, 62}, {65, 67}}) {
    EXPECT_NEAR(mirrored[1][one][0].item<float>(), 255 - points[1][other][0].item<float>(), 1e-3);
    EXPECT_EQ(mirrored[1][one][1].item<float>(), points[1][other][1].item<float>());
  }
}

TEST(ClipPack, PairsAreOfOneClipThatIsTrainedOn) {
  const testing::TemporaryFolder folder;
  write_clips(folder / "clips.safetensors", {3, 1, 5, 2});
  const ClipPack pack(folder / "clips.safetensors");
  EXPECT_EQ(pack.training_clips(), (std::vector<ClipPack::Range>{{0, 3}, {3, 1}, {4, 5}}));
  EXPECT_EQ(pack.held_out_clips(), (std::vector<ClipPack::Range>{{9, 2}}));
  std::mt19937_64 random(2);
  std::set<int64_t> seen;
  for (int round = 0; round < 20; ++round) {
    const FramePairs pairs = pack.random_pairs(4, random);
    EXPECT_EQ(pairs.source.pictures.sizes(), (std::vector<int64_t>{4, 3, 256, 256}));
    EXPECT_TRUE(at::equal(pairs.source.pictures, pairs.driving.pictures));  // one clip, one light
    EXPECT_TRUE(at::equal(pairs.source.landmarks.select(2, 0), pairs.driving.landmarks.select(2, 0)));
    // Mirrored or not, a symmetrical face has its left eye on the left.
    EXPECT_LT(pairs.source.meshes.select(1, nets::kLeftIris).select(1, 0).max().item<double>(), 0);
    for (int64_t n = 0; n < 4; ++n) {
      const double x = pairs.source.landmarks[n][8][0].item<double>();
      seen.insert(std::lround(x < 127 ? x : 255 - x));  // mirrored or not
    }
  }
  EXPECT_EQ(seen, (std::set<int64_t>{0, 10, 20}));
}

TEST(ClipPack, RefusesWhatIsNone) {
  const testing::TemporaryFolder folder;
  checkpoint::write_safetensors(folder / "a.safetensors", {{"frames", at::zeros({1})}},
                                {{"toonmirror.kind", "pairs"}});
  EXPECT_THROW(ClipPack(folder / "a.safetensors"), Error);
  checkpoint::write_safetensors(folder / "b.safetensors",
                                {{"frames", at::zeros({2, 8, 8, 3}, at::kByte)},
                                 {"landmarks", at::zeros({2, 68, 2})},
                                 {"mesh", at::zeros({2, 478, 3})},
                                 {"clip", at::zeros({2}, at::kLong)},
                                 {"held_out", at::zeros({1}, at::kByte)}},
                                {{"toonmirror.kind", "clips"}});
  EXPECT_THROW(ClipPack(folder / "b.safetensors"), Error);
}

}  // namespace
}  // namespace toonmirror::training
