#include "nets/find_networks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "nets/model_file.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace toonmirror::nets {
namespace {

namespace fs = std::filesystem;

// The checkpoints of all cases whose folder begins with one of these.
std::vector<fs::path> conformance_checkpoints(std::initializer_list<std::string> prefixes) {
  std::vector<fs::path> files;
  for (const std::string& prefix : prefixes) {
    for (const fs::path& folder : testing::conformance_cases(prefix)) {
      for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string extension = entry.path().extension().string();
        if (extension == ".pkl" || extension == ".pt" || extension == ".tar") files.push_back(entry.path());
      }
    }
  }
  return files;
}

TEST(FindNetworks, AnImportedFileHoldsTheSameNetworks) {
  const std::vector<fs::path> files = conformance_checkpoints({"A1-", "A2-", "A3-", "A4-", "A5-", "A6-"});
  if (files.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  const testing::TemporaryFolder folder;
  for (const fs::path& path : files) {
    SCOPED_TRACE(path.string());
    const std::vector<FoundNetwork> networks = find_networks(checkpoint::CheckpointFile(path));
    EXPECT_FALSE(networks.empty());
    for (const FoundNetwork& network : networks) {
      const fs::path copy = folder / (network.kind + ".safetensors");
      write_network(copy, network, /*half=*/false, {});
      const std::vector<FoundNetwork> again = find_networks(checkpoint::CheckpointFile(copy));
      ASSERT_EQ(again.size(), 1U);
      EXPECT_EQ(again[0].kind, network.kind);
      EXPECT_EQ(again[0].architecture, network.architecture);
      ASSERT_EQ(again[0].tensors.size(), network.tensors.size());
      for (const auto& [name, tensor] : network.tensors) {
        EXPECT_TRUE(
            at::equal(again[0].tensors.at(name), tensor.is_floating_point() ? tensor.to(at::kFloat) : tensor))
            << name;
      }
    }
  }
}

TEST(FindNetworks, PspFilesHoldEncoderAndGenerator) {
  const std::vector<fs::path> files = conformance_checkpoints({"A6-"});
  if (files.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  for (const fs::path& path : files) {
    const std::vector<FoundNetwork> networks = find_networks(checkpoint::CheckpointFile(path));
    ASSERT_EQ(networks.size(), 2U) << path;
    EXPECT_EQ(networks[1].kind, "generator");
  }
}

// Files that open, and whose lie only shows where a network is to be made of them (case A7).
TEST(FindNetworks, NamesTheVariableThatIsMissingOrOfAnotherShape) {
  int files = 0;
  for (const fs::path& folder : testing::conformance_cases("A7")) {
    std::ifstream file(folder / "verdicts.json");
    if (!file) continue;
    const auto kit = nlohmann::json::parse(file);
    for (const nlohmann::json& facts : kit.at("files")) {
      if (facts.at("kind") != "lying-shape" && facts.at("kind") != "missing") continue;
      const fs::path path = folder / facts.at("file").get<std::string>();
      const std::string words = facts.value("message_should_contain", "");
      EXPECT_THAT([&] { find_networks(checkpoint::CheckpointFile(path)); },
                  ::testing::ThrowsMessage<Error>(::testing::HasSubstr(words)));
      ++files;
    }
  }
  if (files == 0) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
}

TEST(WriteNetwork, HalvesWhenAsked) {
  GeneratorOptions options;
  options.resolution = 8;
  options.z_dim = options.w_dim = 8;
  options.channels = {{4, 4}, {8, 4}};
  const Generator generator(options);
  const FoundNetwork network = {"generator", "", architecture_json(options), named_tensors(*generator), {}};
  const testing::TemporaryFolder folder;
  write_network(folder / "half.safetensors", network, /*half=*/true, {{"name", "a"}});
  const checkpoint::CheckpointFile file(folder / "half.safetensors");
  EXPECT_EQ(file.metadata().at("name"), "a");
  for (const auto& [name, entry] : file.tensors()) EXPECT_EQ(entry.dtype, at::kHalf) << name;
}

}  // namespace
}  // namespace toonmirror::nets
