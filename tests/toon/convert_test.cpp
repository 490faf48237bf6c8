#include "toon/convert.h"

#include <gmock/gmock.h>

#include <csignal>
#include <future>

#include "base/error.h"
#include "base/interrupt.h"
#include "fixtures.h"
#include "media/fixtures.h"
#include "media/still.h"

namespace toonmirror::toon {
namespace {

namespace fs = std::filesystem;
using media::testing::ClipShape;
using media::testing::psnr;
using media::testing::read_all;
using media::testing::times_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::shared_face_models;
using testing::SmallModels;
using toonmirror::testing::TemporaryFolder;

constexpr const char* kMeshMissing = "the face mesh is missing";

tracking::FaceModels broken_models() {
  std::promise<std::shared_ptr<const tracking::MeshPredictor>> promise;
  promise.set_exception(std::make_exception_ptr(Error(kMeshMissing)));
  return {shared_face_models().landmarks, promise.get_future().share()};
}

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

class Convert : public ::testing::Test {
 protected:
  Convert() {
    options_.workers = 3;
    options_.video.preset = "ultrafast";
  }

  fs::path faceless_clip(std::vector<int64_t> pts = {0, 40, 80, 200, 210, 250, 290, 400}) {
    const ClipShape shape{.width = 96, .height = 80, .pts = std::move(pts)};
    media::testing::write_clip(inputs_ / "clip.mp4", shape);
    return inputs_ / "clip.mp4";
  }

  std::string error_of(const fs::path& input, const fs::path& output,
                       const tracking::FaceModels& models = shared_face_models()) {
    return media::testing::error_of([&] { convert_video(input, output, toonifier_, models, options_); });
  }

  fs::path sample(const char* name) const {
    const fs::path folder = media::testing::sample_folder();
    return folder.empty() ? folder : folder / name;
  }

  SmallModels models_;
  Toonifier toonifier_{models_.style()};
  ConvertOptions options_;
  TemporaryFolder inputs_, outputs_;
};

TEST_F(Convert, FramesWithoutAFacePassThrough) {
  const fs::path input = faceless_clip();
  const fs::path output = outputs_ / "out.mp4";
  const ConvertReport report = convert_video(input, output, toonifier_, shared_face_models(), options_);
  EXPECT_EQ(report.frames, 8);
  EXPECT_EQ(report.frames_with_face, 0);
  EXPECT_EQ(report.faces, 0);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("no face found in any frame")));
  const std::vector<media::Frame> before = read_all(input);
  const std::vector<media::Frame> after = read_all(output);
  ASSERT_EQ(after.size(), before.size());
  EXPECT_EQ(times_of(after), times_of(before));
  for (size_t i = 0; i < after.size(); ++i) EXPECT_GT(psnr(before[i].rgb, after[i].rgb), 38);
}

TEST_F(Convert, TheNumberOfWorkersChangesNothing) {
  const fs::path input = faceless_clip();
  std::vector<std::vector<media::Frame>> results;
  for (const int workers : {1, 4}) {
    options_.workers = workers;
    options_.video.codec = "ffv1";
    const fs::path output = outputs_ / (std::to_string(workers) + ".mkv");
    convert_video(input, output, toonifier_, shared_face_models(), options_);
    results.push_back(read_all(output));
  }
  ASSERT_EQ(results[0].size(), results[1].size());
  for (size_t i = 0; i < results[0].size(); ++i) EXPECT_EQ(results[0][i].rgb, results[1][i].rgb) << i;
}

TEST_F(Convert, FailuresNameTheirCauseAndLeaveNothing) {
  const fs::path input = faceless_clip();
  EXPECT_THAT(error_of(inputs_ / "missing.mp4", outputs_ / "out.mp4"), HasSubstr("missing.mp4"));
  EXPECT_THAT(error_of(inputs_.write("text.mp4", "words"), outputs_ / "out.mp4"), HasSubstr("text.mp4"));
  EXPECT_THAT(error_of(input, outputs_ / "out.xyz"), HasSubstr("out.xyz"));
  EXPECT_THAT(error_of(input, outputs_ / "none/out.mp4"), HasSubstr("none"));
  // Met by the thread that tracks faces, while the others wait for frames.
  EXPECT_EQ(error_of(input, outputs_ / "out.mp4", broken_models()), kMeshMissing);
  EXPECT_THAT(files_in(outputs_.path()), ElementsAre());
  EXPECT_THAT(error_of(input, input), HasSubstr("source itself"));
  EXPECT_EQ(read_all(input).size(), 8U);
}

TEST_F(Convert, AFailureKeepsTheEarlierResult) {
  outputs_.write("out.mp4", "earlier");
  error_of(faceless_clip(), outputs_ / "out.mp4", broken_models());
  EXPECT_EQ(toonmirror::testing::read_file(outputs_ / "out.mp4"), "earlier");
  EXPECT_EQ(files_in(outputs_.path()).size(), 1U);
}

TEST_F(Convert, AStillWithoutAFaceIsRefused) {
  const cv::Mat picture = testing::colourful_picture({200, 150}, 1);
  media::StillImage image;
  image.width = picture.cols;
  image.height = picture.rows;
  image.rgb.assign(picture.datastart, picture.dataend);
  const fs::path input = inputs_ / "hills.png";
  media::write_still(input, image);
  const auto convert_to = [&](const fs::path& output) {
    return media::testing::error_of(
        [&] { convert_still(input, output, toonifier_, shared_face_models(), options_); });
  };
  EXPECT_THAT(convert_to(outputs_ / "out.png"), HasSubstr("hills.png: no face found"));
  EXPECT_THAT(files_in(outputs_.path()), ElementsAre());
  EXPECT_THAT(convert_to(input), HasSubstr("source itself"));
}

TEST_F(Convert, AGroupPhotoIsDrawnFaceByFace) {
  const fs::path input = sample("group_cc0.jpg");
  if (!fs::exists(input)) GTEST_SKIP() << "needs group_cc0.jpg of the sample media";
  EXPECT_EQ(convert_still(input, outputs_ / "all.png", toonifier_, shared_face_models(), options_).faces, 6);
  options_.faces = FaceChoice::kLargest;
  EXPECT_EQ(convert_still(input, outputs_ / "one.png", toonifier_, shared_face_models(), options_).faces, 1);
}

TEST_F(Convert, ARealClipKeepsTimesSoundAndSurroundings) {
  const fs::path input = sample("grid_1.mpg");
  if (!fs::exists(input)) GTEST_SKIP() << "needs grid_1.mpg of the sample media";
  const fs::path output = outputs_ / "out.mp4";
  options_.paste = PasteMode::kFace;
  options_.video.preset = "medium";
  const ConvertReport report = convert_video(input, output, toonifier_, shared_face_models(), options_);
  EXPECT_EQ(report.frames, 75);
  EXPECT_GE(report.frames_with_face, 70);
  std::vector<std::string> stages;
  for (const StageCost& cost : report.stages) stages.push_back(cost.stage);
  EXPECT_THAT(stages,
              ::testing::UnorderedElementsAre("decode", "face", "encoder", "generator", "paste", "encode"));

  const auto sound_of = [](const fs::path& path) {
    return media::testing::contents(media::testing::stored(path).of_type(AVMEDIA_TYPE_AUDIO).at(0));
  };
  EXPECT_EQ(sound_of(output), sound_of(input));
  const std::vector<media::Frame> before = read_all(input);
  const std::vector<media::Frame> after = read_all(output);
  ASSERT_EQ(after.size(), before.size());
  double error_far = 0, error_middle = 0;
  int64_t far = 0, middle = 0;
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_NEAR(after[i].seconds() - after[0].seconds(), before[i].seconds() - before[0].seconds(), 1e-3);
    for (int y = 0; y < before[i].height; ++y) {
      for (int x = 0; x < before[i].width; ++x) {
        // The speaker sits in the middle of the picture.
        const bool is_far = x < 80 || x >= 280;
        const size_t at = (size_t(y) * before[i].width + x) * 3;
        for (int c = 0; c < 3; ++c) {
          const double e = std::pow(double(before[i].rgb[at + c]) - after[i].rgb[at + c], 2);
          (is_far ? error_far : error_middle) += e;
        }
        (is_far ? far : middle) += 3;
      }
    }
  }
  EXPECT_GT(10 * std::log10(255.0 * 255.0 * double(far) / error_far), 38);
  EXPECT_LT(10 * std::log10(255.0 * 255.0 * double(middle) / error_middle), 30);
}

TEST(ConvertDeathTest, AnInterruptLeavesNothingBehind) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto interrupted_conversion = [] {
    const TemporaryFolder folder;
    media::testing::write_clip(folder / "clip.mp4", {.width = 96, .height = 80});
    const SmallModels models;
    const Toonifier toonifier(models.style());
    install_interrupt_handler();
    std::raise(SIGINT);
    try {
      convert_video(folder / "clip.mp4", folder / "out.mp4", toonifier, shared_face_models(), {.workers = 2});
    } catch (const Interrupted&) {
      const bool clean = files_in(folder.path()) == std::vector<std::string>{"clip.mp4"};
      fs::remove_all(folder.path());
      fs::remove_all(models.folder().path());
      std::_Exit(clean ? 130 : 1);
    }
    std::_Exit(2);
  };
  EXPECT_EXIT(interrupted_conversion(), ::testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace toonmirror::toon
