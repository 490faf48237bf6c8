#include "toon/toonifier.h"

#include <gmock/gmock.h>

#include <future>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgcodecs.hpp>
#include <thread>

#include "base/error.h"
#include "base/model_path.h"
#include "face/mask.h"
#include "fixtures.h"
#include "support/conformance.h"
#include "toon/draw_faces.h"

namespace toonmirror::toon {
namespace {

using testing::colourful_picture;
using testing::largest_difference;
using testing::SmallModels;

cv::Mat crop(int seed) { return colourful_picture({256, 256}, seed); }

cv::Mat drawing_of(const Toonifier& toonifier, const cv::Mat& photo) {
  return toonifier.render(toonifier.encode(photo));
}

TEST(Toonifier, DrawsEachPhotoDifferently) {
  const SmallModels models;
  const Toonifier toonifier(models.style());
  const cv::Mat drawing = drawing_of(toonifier, crop(1));
  EXPECT_EQ(drawing.type(), CV_8UC3);
  EXPECT_EQ(drawing.size(), cv::Size(32, 32));
  EXPECT_GT(largest_difference(drawing, drawing_of(toonifier, crop(2))), 0);
}

TEST(Toonifier, ParsesIntoProbabilities) {
  const SmallModels models;
  const cv::Mat parsing = Toonifier(models.style()).encode(crop(1)).parsing;
  ASSERT_EQ(parsing.type(), CV_32FC(face::kLabelCount));
  ASSERT_EQ(parsing.size(), cv::Size(128, 128));
  cv::Mat sums;
  cv::reduce(parsing.reshape(1, 128 * 128), sums, 1, cv::REDUCE_SUM);
  EXPECT_LT(largest_difference(sums, cv::Mat::ones(sums.size(), CV_32F)), 1e-4);
}

// Whether the parser's stages are the encoder's, and are computed once, or another network's, is a matter of
// time alone.
TEST(Toonifier, ParsesAlikeBesideAnyEncoder) {
  const SmallModels models;
  Style style = models.style();
  const cv::Mat beside_another = Toonifier(style).encode(crop(1)).parsing;
  style = find_style("face");
  const cv::Mat beside_its_own = Toonifier(style).encode(crop(1)).parsing;
  EXPECT_LT(largest_difference(beside_another, beside_its_own), 1e-4);
}

TEST(Toonifier, ParsesWithTheParserOfItsStyle) {
  const SmallModels models;
  Style style = models.style();
  style.parser = style.encoder;
  EXPECT_GT(largest_difference(Toonifier(style).encode(crop(1)).parsing,
                               Toonifier(models.style()).encode(crop(1)).parsing),
            0.01);
  style.parser = style.face;
  EXPECT_THROW(Toonifier toonifier(style), Error);
}

TEST(Toonifier, ReadsPicturesThatArePartOfOthers) {
  const SmallModels models;
  const Toonifier toonifier(models.style());
  const cv::Mat whole = colourful_picture({400, 300}, 3);
  const cv::Mat part = whole(cv::Rect(70, 20, 256, 256));
  EXPECT_EQ(largest_difference(drawing_of(toonifier, part), drawing_of(toonifier, part.clone())), 0);
}

TEST(Toonifier, GivesTheSameResultsToManyThreads) {
  const SmallModels models;
  const Toonifier toonifier(models.style());
  std::vector<std::future<double>> differences;
  for (int i = 0; i < 4; ++i) {
    differences.push_back(
        std::async(std::launch::async, [&toonifier, i, expected = drawing_of(toonifier, crop(i))] {
          return largest_difference(drawing_of(toonifier, crop(i)), expected);
        }));
  }
  for (auto& difference : differences) EXPECT_EQ(difference.get(), 0);
}

TEST(Toonifier, AtPsiZeroDrawsTheAverageFace) {
  const SmallModels models;
  Style style = models.style();
  style.psi = 0;
  style.likeness = 0;
  const Toonifier toonifier(style);
  EXPECT_EQ(largest_difference(drawing_of(toonifier, crop(1)), drawing_of(toonifier, crop(2))), 0);
}

TEST(Toonifier, LikenessAddsThePhotosFeatures) {
  const SmallModels models;
  Style style = models.style();
  const cv::Mat with_all = drawing_of(Toonifier(style), crop(1));
  style.likeness = 0;
  EXPECT_TRUE(Toonifier(style).encode(crop(1)).features.empty());
  EXPECT_GT(largest_difference(with_all, drawing_of(Toonifier(style), crop(1))), 0);
}

TEST(Toonifier, ComputesInBfloat16NearlyAsInFloat) {
  const SmallModels models;
  const cv::Mat exact = drawing_of(Toonifier(models.style()), crop(1));
  const cv::Mat rounded = drawing_of(Toonifier(models.style(), at::kBFloat16), crop(1));
  EXPECT_LT(cv::norm(exact, rounded, cv::NORM_L1) / double(exact.total() * 3), 3);
}

TEST(Toonifier, RefusesACropOfAnotherSize) {
  const SmallModels models;
  EXPECT_THROW(Toonifier(models.style()).encode(colourful_picture({128, 128}, 1)), Error);
}

TEST(Toonifier, RefusesAnEncoderOfAnotherFamily) {
  const SmallModels models;
  nets::save_network(models.folder() / "encoder.safetensors", testing::small_encoder(), "other", {});
  EXPECT_THROW(Toonifier toonifier(models.style()), Error);
}

// A pSp or e4e file is a style by itself: its encoder, its generator, and the house's parser.
TEST(Toonifier, DrawsWithPublicEncodersWhatTheReferenceDraws) {
  int files = 0;
  for (const auto& folder : toonmirror::testing::conformance_cases("A6")) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".pt") continue;
      SCOPED_TRACE(entry.path().string());
      const std::string kind = entry.path().filename().string().substr(0, 3);
      const checkpoint::CheckpointFile expected(folder / (kind + ".expected.safetensors"));
      const Toonifier toonifier(style_of_checkpoint(entry.path()));
      for (int i = 0; expected.tensors().contains("latents_input" + std::to_string(i)); ++i) {
        const std::string name = "input" + std::to_string(i);
        cv::Mat photo = cv::imread((folder / (name + ".png")).string());
        ASSERT_FALSE(photo.empty());
        cv::cvtColor(photo, photo, cv::COLOR_BGR2RGB);
        const FaceCode code = toonifier.encode(photo);
        EXPECT_TRUE(at::allclose(code.ws, expected.tensor("latents_" + name), 0, 2e-4));
        EXPECT_TRUE(code.features.empty());
        EXPECT_EQ(code.parsing.size(), cv::Size(128, 128));
        // The reference's picture in bytes, as render() gives it.
        const at::Tensor wanted =
            expected.tensor("image_" + name)[0].permute({1, 2, 0}).add(1).mul(127.5).clamp(0, 255);
        const cv::Mat drawn = toonifier.render(code);
        const at::Tensor bytes = at::from_blob(drawn.data, {drawn.rows, drawn.cols, 3}, at::kByte);
        EXPECT_LT((bytes.to(at::kFloat) - wanted).abs().max().item<float>(), 0.6);
        ++files;
      }
    }
  }
  if (files == 0) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
}

TEST(StyleOfCheckpoint, SaysWhichNetworkIsMissing) {
  const SmallModels models;
  const auto message = [](const std::filesystem::path& file) {
    try {
      style_of_checkpoint(file);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(message(models.folder() / "face.safetensors"), ::testing::HasSubstr("no encoder"));
  EXPECT_THAT(message(models.folder() / "encoder.safetensors"),
              ::testing::HasSubstr("no StyleGAN2 generator"));
}

TEST(StyleOfCheckpoint, AGeneratorOfTheHouseIsDrawnWithItsEncoder) {
  const Style style = style_of_checkpoint(find_model("toon", ".safetensors"));
  EXPECT_EQ(style.encoder, find_model("encoder", ".safetensors"));
  EXPECT_TRUE(style.child.empty());
}

// OpenCV's threads are the whole program's: workers that begin must not take them from each other.
TEST(DrawingWorkers, BeginTogether) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([] {
      for (int turn = 0; turn < 2000; ++turn) compute_in_this_thread_alone();
    });
  }
  threads.clear();
  EXPECT_EQ(cv::getNumThreads(), 1);
}

}  // namespace
}  // namespace toonmirror::toon
