#include "toon/seeds.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace toonmirror::toon {
namespace {

using ::testing::ElementsAre;

TEST(Seeds, AreNumbersAndRanges) {
  EXPECT_THAT(parse_seeds("7"), ElementsAre(7));
  EXPECT_THAT(parse_seeds("0-3,9,5-5"), ElementsAre(0, 1, 2, 3, 9, 5));
  EXPECT_THAT(parse_seeds("4294967295"), ElementsAre(UINT32_MAX));
  EXPECT_THAT(parse_seeds("4294967294-4294967295"), ElementsAre(UINT32_MAX - 1, UINT32_MAX));
}

TEST(Seeds, RefuseAnythingElse) {
  for (const char* text : {"", ",", "1,", "a", "1-", "-1", "3-1", "1 2", "1.5", "0-4096", "0-4000,0-4000",
                           "0-4294967295", "4294967296"}) {
    EXPECT_THROW(parse_seeds(text), Error) << text;
  }
}

TEST(Seeds, GiveTheSameLatentEveryTime) {
  const at::Tensor latent = latent_of_seed(3, 512);
  EXPECT_TRUE(at::equal(latent, latent_of_seed(3, 512)));
  EXPECT_FALSE(at::equal(latent, latent_of_seed(4, 512)));
  EXPECT_NEAR(latent.mean().item<double>(), 0, 0.2);
  EXPECT_NEAR(latent.std().item<double>(), 1, 0.15);
}

TEST(Seeds, AreTheFacesOfNumpySeeds) {
  // numpy.random.RandomState(seed).randn(1, 4)
  const at::Tensor zero = at::tensor({1.76405235F, 0.40015721F, 0.97873798F, 2.2408932F}).unsqueeze(0);
  const at::Tensor of_42 = at::tensor({0.49671415F, -0.1382643F, 0.64768854F, 1.52302986F}).unsqueeze(0);
  EXPECT_TRUE(at::allclose(latent_of_seed(0, 4), zero, 1e-6, 1e-7));
  EXPECT_TRUE(at::allclose(latent_of_seed(42, 4), of_42, 1e-6, 1e-7));
}

TEST(PictureGrid, PutsEachPictureInItsPlace) {
  std::vector<at::Tensor> pictures;
  for (int i = 0; i < 5; ++i) pictures.push_back(at::full({3, 4, 6}, -i / 10.0));
  const at::Tensor grid = picture_grid(pictures, 3);
  ASSERT_EQ(grid.sizes(), (std::vector<int64_t>{3, 8, 18}));
  EXPECT_FLOAT_EQ(grid[0][5][9].item<float>(), -0.4F);
  EXPECT_FLOAT_EQ(grid[2][7][17].item<float>(), 1);
  EXPECT_EQ(picture_grid(pictures, 0).sizes(), (std::vector<int64_t>{3, 8, 18}));
  EXPECT_EQ(picture_grid(pictures, 9).sizes(), (std::vector<int64_t>{3, 4, 30}));
}

}  // namespace
}  // namespace toonmirror::toon
