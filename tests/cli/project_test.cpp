// project, edit and generate --latents together: a face becomes numbers, the numbers change, and are drawn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/checkpoint_file.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace toonmirror::cli {
namespace {

using ::testing::HasSubstr;
using testing::ProgramResult;

ProgramResult run(const std::vector<std::string>& words) {
  return testing::run_program(TOONMIRROR_PROGRAM, words);
}

class ProjectTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({"generate", "--seeds", "3", "--style", "face", "-o", face_, "-q"}).exit_code, 0);
  }

  testing::TemporaryFolder folder_;
  const std::string face_ = folder_ / "face.png", latents_ = folder_ / "latents.safetensors",
                    moved_ = folder_ / "moved.safetensors", picture_ = folder_ / "picture.png";
};

TEST_F(ProjectTest, LatentsAreFoundMovedAndDrawn) {
  ASSERT_EQ(run({"project", face_, "--aligned", "-o", latents_}).exit_code, 0);
  const at::Tensor before = checkpoint::CheckpointFile(latents_).tensor("ws");
  EXPECT_EQ(before.sizes(), at::IntArrayRef({1, 14, 512}));

  const std::string direction = folder_ / "direction.safetensors";
  checkpoint::write_safetensors(direction, {{"d", at::ones({512})}}, {});
  ASSERT_EQ(
      run({"edit", latents_, "--direction", direction + ":-0.5", "--last-row", "3", "-o", moved_}).exit_code,
      0);
  const at::Tensor change = checkpoint::CheckpointFile(moved_).tensor("ws") - before;
  EXPECT_TRUE(at::allclose(change.narrow(1, 0, 4), at::full({1, 4, 512}, -0.5)));
  EXPECT_TRUE(at::equal(change.narrow(1, 4, 10), at::zeros({1, 10, 512})));

  for (const char* style : {"face", "toon"}) {
    const ProgramResult drawn =
        run({"generate", "--latents", latents_, moved_, "--style", style, "-o", picture_});
    EXPECT_EQ(drawn.exit_code, 0) << drawn.errors;
  }
  EXPECT_GT(std::filesystem::file_size(picture_), 1000U);
}

TEST_F(ProjectTest, OptimisingWritesLatentsAndLeavesNoState) {
  const ProgramResult result =
      run({"project", face_, "--aligned", "-o", latents_, "--method", "optimize", "--steps", "2"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_FALSE(std::filesystem::exists(latents_ + ".state.safetensors"));
  EXPECT_EQ(run({"generate", "--latents", latents_, "-o", picture_}).exit_code, 0);
}

TEST_F(ProjectTest, MistakesAreExplainedAndLeaveNothing) {
  const auto expect = [this](const std::vector<std::string>& words, int code, const char* text) {
    const ProgramResult result = run(words);
    EXPECT_EQ(result.exit_code, code) << text;
    EXPECT_THAT(result.errors, HasSubstr(text));
    EXPECT_FALSE(std::filesystem::exists(moved_)) << text;
  };
  ASSERT_EQ(run({"project", face_, "--aligned", "-o", latents_}).exit_code, 0);
  expect({"project", folder_ / "none.png", "-o", moved_}, 1, "none.png");
  expect({"edit", latents_, "--direction", "a.pt:much", "-o", moved_}, 2, "not a number");
  expect({"edit", latents_, "--direction", folder_ / "a.pt", "-o", moved_}, 1, "a.pt");
  expect({"edit", latents_, "--direction", latents_, "-o", moved_}, 1, "not one direction");
  expect({"edit", face_, "--direction", latents_, "-o", moved_}, 1, "PNG");
  expect({"edit", latents_, "--direction", latents_, "--first-row", "14", "-o", moved_}, 2, "rows 0 to 13");
  expect({"generate", "--latents", latents_, "--seeds", "1", "-o", picture_}, 2, "--seeds");
}

}  // namespace
}  // namespace toonmirror::cli
