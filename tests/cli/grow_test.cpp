#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nets/model_file.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace toonmirror::cli {
namespace {

using ::testing::HasSubstr;
using testing::ProgramResult;
using testing::run_program;

nets::Generator small_generator() {
  nets::GeneratorOptions options;
  options.resolution = 16;
  options.z_dim = options.w_dim = 8;
  options.channels = {{4, 6}, {8, 6}, {16, 4}};
  torch::manual_seed(1);
  return nets::Generator(options);
}

// A face model and its child in one folder, and another folder to grow them into.
class GrowTest : public ::testing::Test {
 protected:
  GrowTest() {
    const at::NoGradGuard no_grad;
    nets::save_network(folder_ / "face.safetensors", small_generator(), "test-family", {{"licence", "CC0"}});
    const checkpoint::CheckpointFile face(folder_ / "face.safetensors");
    nets::Generator child = nets::load_generator(face);
    child->synthesis->block(16).conv1->weight.add_(1.0);
    nets::save_child(folder_ / "child.safetensors", child, face, {{"name", "child"}});
    std::filesystem::create_directory(folder_ / "large");
  }

  ProgramResult grow(const std::string& name, const std::string& output,
                     const std::string& channels = "3") const {
    return run_program(TOONMIRROR_PROGRAM,
                       {"grow", folder_ / name, "-o", folder_ / output, "--channels", channels});
  }

  testing::TemporaryFolder folder_;
};

TEST_F(GrowTest, KeepsWhatTheFilesSayAndWhoseChildOneIs) {
  for (const std::string name : {"face.safetensors", "child.safetensors"}) {
    const ProgramResult result = grow(name, "large/" + name);
    ASSERT_EQ(result.exit_code, 0) << result.errors;
  }
  const checkpoint::CheckpointFile face(folder_ / "large/face.safetensors");
  EXPECT_EQ(face.metadata().at("licence"), "CC0");
  EXPECT_EQ(nets::family_of(face), "test-family");
  const checkpoint::CheckpointFile child(folder_ / "large/child.safetensors");
  EXPECT_EQ(child.metadata().at("name"), "child");
  EXPECT_EQ(child.metadata().at(kParentKey), "face.safetensors");
  EXPECT_EQ(child.tensors().size(), 1U);
  const nets::GeneratorOptions options = nets::load_generator(child)->options();
  EXPECT_EQ(options.resolution, 32);
  EXPECT_EQ(options.channels.at(32), 3);
  EXPECT_EQ(options.latent_count(), small_generator()->options().latent_count());
}

TEST_F(GrowTest, BesideTheSmallerOneItHoldsTheNewBlockAlone) {
  ASSERT_EQ(grow("face.safetensors", "face-32.safetensors").exit_code, 0);
  ASSERT_EQ(grow("face.safetensors", "large/face.safetensors").exit_code, 0);
  const checkpoint::CheckpointFile small(folder_ / "face-32.safetensors"),
      whole(folder_ / "large/face.safetensors");
  EXPECT_EQ(small.metadata().at(kParentKey), "face.safetensors");
  EXPECT_EQ(small.metadata().at("licence"), "CC0");
  for (const auto& [name, tensor] : small.tensors()) EXPECT_TRUE(name.starts_with("synthesis.b32.")) << name;
  const checkpoint::NamedTensors read = nets::named_tensors(*nets::load_generator(small));
  for (const auto& [name, tensor] : nets::named_tensors(*nets::load_generator(whole))) {
    EXPECT_TRUE(at::equal(read.at(name), tensor)) << name;
  }
  const ProgramResult same = grow("face.safetensors", "face.safetensors");
  EXPECT_EQ(same.exit_code, 1);
  EXPECT_THAT(same.errors, HasSubstr("is the generator itself"));
  EXPECT_THAT(grow("face.safetensors", "none/face.safetensors").errors,
              HasSubstr("its folder does not exist"));
}

TEST_F(GrowTest, AsksForTheGrownParentFirst) {
  const ProgramResult missing = grow("child.safetensors", "large/child.safetensors");
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.errors, HasSubstr("grow face.safetensors into the folder"));
  const ProgramResult beside_small_parent = grow("child.safetensors", "large-child.safetensors");
  EXPECT_EQ(beside_small_parent.exit_code, 1);
  EXPECT_THAT(beside_small_parent.errors, HasSubstr("draws 16 px, not 32"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "large-child.safetensors"));
}

TEST_F(GrowTest, RefusesMoreChannelsThanTheFinestBlockHas) {
  const ProgramResult result = grow("face.safetensors", "large/face.safetensors", "5");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, HasSubstr("not from 1 to the 4"));
}

TEST_F(GrowTest, RefusesWhatIsNoHouseGenerator) {
  checkpoint::write_safetensors(folder_ / "x.safetensors", {{"a", at::zeros({2})}}, {});
  const ProgramResult result = grow("x.safetensors", "large/x.safetensors");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, HasSubstr("holds no house generator"));
}

}  // namespace
}  // namespace toonmirror::cli
