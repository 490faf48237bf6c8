#include "training/picture_loss.h"

#include <gtest/gtest.h>

#include "nets/house_encoder.h"

namespace toonmirror::training {
namespace {

Batch batch_of(const at::Tensor& target) {
  Batch batch;
  batch.target = target;
  batch.photo = at_size(target, 256);
  batch.labels = batch.target_labels = at::ones({target.size(0), 256, 256}, at::kLong);
  batch.landmarks = at::full({target.size(0), 68, 2}, 128.0f);
  return batch;
}

TEST(PictureLoss, SeesEdgesOfLargePicturesThatTheirAverageLacks) {
  PictureLossWeights weights;
  weights.l1 = 0;
  const PictureLoss loss("", at::kFloat, weights);
  std::mt19937_64 random(1);
  at::Tensor stripes = at::full({1, 3, 512, 512}, -0.5f);
  stripes.slice(3, 0, 512, 2).fill_(0.5f);
  const at::Tensor plain = at::zeros({1, 3, 512, 512});
  EXPECT_GT(loss(plain, batch_of(stripes), random).total.item<double>(), 0.1);
  EXPECT_NEAR(loss(at_size(plain, 256), batch_of(stripes), random).total.item<double>(), 0, 1e-6);
}

TEST(PictureLoss, ComparesAveragesWhereItIsToldTo) {
  PictureLossWeights weights;
  weights.l1_px = 32;
  weights.gradient = 0;
  const PictureLoss loss("", at::kFloat, weights);
  std::mt19937_64 random(4);
  at::Tensor stripes = at::full({1, 3, 256, 256}, -0.5f);
  stripes.slice(3, 0, 256, 2).fill_(0.5f);
  const at::Tensor plain = at::zeros({1, 3, 256, 256});
  const Loss fine = loss(plain, batch_of(stripes), random);
  EXPECT_NEAR(fine.total.item<double>(), 0, 1e-6);
  EXPECT_FALSE(fine.figures.contains("edges"));
  EXPECT_NEAR(loss(plain + 0.2, batch_of(stripes), random).total.item<double>(), weights.l1 * 0.1, 1e-4);
}

TEST(DrawPieces, LieInsideAndMostlyOnTheFace) {
  at::Tensor landmarks = at::full({400, 68, 2}, 20.0f);
  landmarks.slice(1, 17, 27).fill_(150.0f);
  landmarks.slice(1, 36, 68).fill_(150.0f);
  const at::Tensor labels = at::zeros({400, 256, 256}, at::kLong);  // no hair: these lie anywhere
  std::mt19937_64 random(2);
  int64_t on_face = 0;
  for (const auto& [x, y] : draw_pieces(landmarks, labels, 512, 64, random)) {
    EXPECT_GE(std::min(x, y), 0);
    EXPECT_LE(std::max(x, y), 512 - 64);
    on_face += x == 300 - 32 && y == 300 - 32 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(on_face), 200, 40);
}

TEST(DrawPieces, ShowHair) {
  at::Tensor labels = at::zeros({300, 256, 256}, at::kLong);
  labels.slice(1, 30, 31).slice(2, 200, 201).fill_(static_cast<int64_t>(nets::FaceClass::kHair));
  std::mt19937_64 random(3);
  int64_t on_hair = 0;
  for (const auto& [x, y] : draw_pieces(at::full({300, 68, 2}, 128.0f), labels, 512, 32, random)) {
    on_hair += x == 400 - 16 && y == 60 - 16 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(on_hair), 75, 30);
}

TEST(Cut, TakesThePiecesOfTheirPictures) {
  const at::Tensor pictures = at::arange(2 * 8 * 8).view({2, 1, 8, 8}).to(at::kFloat);
  const at::Tensor pieces = cut(pictures, {{1, 2}, {4, 0}}, 3);
  ASSERT_EQ(pieces.sizes(), (std::vector<int64_t>{2, 1, 3, 3}));
  EXPECT_EQ(pieces[0][0][0][0].item<float>(), 2 * 8 + 1);
  EXPECT_EQ(pieces[1][0][2][2].item<float>(), 64 + 2 * 8 + 6);
}

}  // namespace
}  // namespace toonmirror::training
