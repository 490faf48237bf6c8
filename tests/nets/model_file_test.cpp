#include "nets/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace toonmirror::nets {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Generator small_generator(int64_t seed) {
  GeneratorOptions options;
  options.resolution = 64;
  options.z_dim = options.w_dim = 8;
  options.channels = {{4, 6}, {8, 6}, {16, 4}, {32, 4}, {64, 4}};
  options.likeness_channels = {{8, 3}};
  options.latent_picture_px = 8;
  torch::manual_seed(seed);
  return Generator(options);
}

TEST(ModelFile, KeepsArchitectureAndWeightsToHalfPrecision) {
  const testing::TemporaryFolder folder;
  const at::NoGradGuard no_grad;
  Generator original = small_generator(1);
  save_network(folder / "g.safetensors", original, "test-family", {{"licence", "CC0"}});
  const checkpoint::CheckpointFile file(folder / "g.safetensors");
  EXPECT_EQ(file.metadata().at(kKindKey), "generator");
  EXPECT_EQ(file.metadata().at(kFamilyKey), "test-family");
  EXPECT_EQ(file.metadata().at("licence"), "CC0");
  Generator copy = load_generator(file);
  EXPECT_EQ(architecture_json(copy->options()), architecture_json(original->options()));
  const at::Tensor z = at::randn({2, 8});
  const at::Tensor a = original->synthesize(original->map(z)), b = copy->synthesize(copy->map(z));
  EXPECT_LT((a - b).abs().max().item<double>() / a.abs().max().item<double>(), 0.02);
}

class ChildFile : public ::testing::Test {
 protected:
  ChildFile() {
    const at::NoGradGuard no_grad;
    save_network(folder_ / "parent.safetensors", small_generator(1), "test-family", {});
    child_ = load_generator(checkpoint::CheckpointFile(folder_ / "parent.safetensors"));
    child_->synthesis->named_parameters()["b16.conv1.weight"].add_(1.0);
    save_child(folder_ / "child.safetensors", child_,
               checkpoint::CheckpointFile(folder_ / "parent.safetensors"), {});
  }
  static auto load(const std::filesystem::path& path) {
    return [path] { load_generator(checkpoint::CheckpointFile(path)); };
  }

  testing::TemporaryFolder folder_;
  Generator child_{nullptr};
};

TEST_F(ChildFile, HoldsWhatItsParentDoesNotAndIsReadWithIt) {
  const checkpoint::CheckpointFile file(folder_ / "child.safetensors");
  ASSERT_EQ(file.tensors().size(), 1U);
  EXPECT_EQ(file.tensors().begin()->first, "synthesis.b16.conv1.weight");
  EXPECT_EQ(family_of(file), "test-family");
  const checkpoint::NamedTensors read = named_tensors(*load_generator(file));
  for (const auto& [name, tensor] : named_tensors(*child_)) {
    EXPECT_TRUE(at::allclose(read.at(name), tensor, 1e-3, 1e-4)) << name;
  }
}

TEST_F(ChildFile, SaysWhenItsParentIsMissing) {
  std::filesystem::create_directory(folder_ / "elsewhere");
  std::filesystem::copy(folder_ / "child.safetensors", folder_ / "elsewhere");
  EXPECT_THAT(load(folder_ / "elsewhere/child.safetensors"),
              ThrowsMessage<Error>(HasSubstr("parent.safetensors, which is not beside it")));
}

TEST_F(ChildFile, RefusesAnotherParent) {
  save_network(folder_ / "parent.safetensors", small_generator(2), "test-family", {});
  EXPECT_THAT(load(folder_ / "child.safetensors"),
              ThrowsMessage<Error>(HasSubstr("another parent.safetensors")));
}

TEST_F(ChildFile, LooksForItsParentNowhereElse) {
  checkpoint::Metadata metadata = checkpoint::CheckpointFile(folder_ / "child.safetensors").metadata();
  for (const char* name : {"", "../parent.safetensors", "/parent.safetensors", ".."}) {
    metadata[kParentKey] = name;
    checkpoint::write_safetensors(folder_ / "stray.safetensors", {{"a", at::zeros({1})}}, metadata);
    EXPECT_THAT(load(folder_ / "stray.safetensors"), ThrowsMessage<Error>(HasSubstr("stray.safetensors")))
        << name;
  }
}

TEST(ModelFile, RefusesANetworkOfAnotherKind) {
  const testing::TemporaryFolder folder;
  save_network(folder / "g.safetensors", small_generator(1), "family", {});
  const checkpoint::CheckpointFile file(folder / "g.safetensors");
  EXPECT_THAT([&] { load_house_encoder(file); }, ThrowsMessage<Error>(HasSubstr("holds no house encoder")));
}

TEST(ModelFile, NamesTheTensorThatIsMissingOrSuperfluous) {
  const testing::TemporaryFolder folder;
  const Generator generator = small_generator(1);
  checkpoint::NamedTensors tensors = named_tensors(*generator);
  const checkpoint::Metadata metadata = {{kKindKey, "generator"},
                                         {kArchitectureKey, architecture_json(generator->options())}};
  tensors["stray"] = at::zeros({1});
  checkpoint::write_safetensors(folder / "more.safetensors", tensors, metadata);
  tensors.erase("stray");
  tensors.erase("synthesis.b8.conv0.bias");
  checkpoint::write_safetensors(folder / "less.safetensors", tensors, metadata);
  EXPECT_THAT([&] { load_generator(checkpoint::CheckpointFile(folder / "more.safetensors")); },
              ThrowsMessage<Error>(HasSubstr("stray")));
  EXPECT_THAT([&] { load_generator(checkpoint::CheckpointFile(folder / "less.safetensors")); },
              ThrowsMessage<Error>(HasSubstr("synthesis.b8.conv0.bias")));
}

TEST(ModelFile, SaysHowManyRowsItsLatentsHaveWhereLayersAreMore) {
  const testing::TemporaryFolder folder;
  GeneratorOptions options = small_generator(1)->options();
  EXPECT_THAT(architecture_json(options), ::testing::Not(HasSubstr("latent_rows")));
  options.latent_rows = 8;
  save_network(folder / "g.safetensors", Generator(options), "family", {});
  const Generator copy = load_generator(checkpoint::CheckpointFile(folder / "g.safetensors"));
  EXPECT_EQ(copy->options().latent_count(), 8);

  for (const int64_t rows : {-2, 2, 11}) {
    nlohmann::json architecture = nlohmann::json::parse(architecture_json(copy->options()));
    architecture["latent_rows"] = rows;
    checkpoint::write_safetensors(folder / "odd.safetensors", named_tensors(*copy),
                                  {{kKindKey, "generator"}, {kArchitectureKey, architecture.dump()}});
    EXPECT_THAT([&] { load_generator(checkpoint::CheckpointFile(folder / "odd.safetensors")); },
                ThrowsMessage<Error>(::testing::AllOf(HasSubstr("odd.safetensors: "), HasSubstr("rows"))));
  }
}

TEST(ModelFile, RefusesAFileThatIsNotAModel) {
  const testing::TemporaryFolder folder;
  checkpoint::write_safetensors(folder / "x.safetensors", {{"a", at::zeros({2})}}, {});
  EXPECT_THAT([&] { load_generator(checkpoint::CheckpointFile(folder / "x.safetensors")); },
              ThrowsMessage<Error>(HasSubstr("holds no StyleGAN2 generator")));
  checkpoint::write_safetensors(folder / "y.safetensors", {{"a", at::zeros({2})}},
                                {{kKindKey, "generator"}, {kArchitectureKey, "{\"resolution\": \"big\"}"}});
  EXPECT_THAT([&] { load_generator(checkpoint::CheckpointFile(folder / "y.safetensors")); },
              ThrowsMessage<Error>(HasSubstr("architecture is not understood")));
}

}  // namespace
}  // namespace toonmirror::nets
