// The conformance kit: its public formats are read alike in all their variants, its hostile files are
// refused.
#include "support/conformance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "checkpoint/checkpoint_file.h"
#include "support/temporary_folder.h"

namespace toonmirror::checkpoint {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

// Files of a case that are checkpoints.
std::vector<fs::path> checkpoints_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    for (const char* known : {".pkl", ".pt", ".pth", ".tar", ".safetensors"}) {
      if (extension == known) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Tensors below a prefix, in float.
NamedTensors tensors_below(const CheckpointFile& file, const std::string& prefix) {
  NamedTensors result;
  for (const auto& [name, entry] : file.tensors()) {
    if (name.starts_with(prefix)) result[name] = file.tensor(name).to(at::kFloat);
  }
  return result;
}

void expect_same(const NamedTensors& actual, const NamedTensors& expected, const fs::path& file) {
  EXPECT_FALSE(expected.empty()) << file;
  for (const auto& [name, tensor] : expected) {
    ASSERT_TRUE(actual.contains(name)) << file << " " << name;
    EXPECT_TRUE(at::equal(actual.at(name), tensor)) << file << " " << name;
  }
}

constexpr const char* kNoKit = "this case is not there (set TOONMIRROR_CONFORMANCE to the conformance kit)";

TEST(Conformance, EveryCheckpointOpensAndHoldsFiniteNumbers) {
  int files = 0;
  for (const char* prefix : {"A1", "A2", "A3", "A4", "A5", "A6", "B", "C"}) {
    for (const fs::path& folder : testing::conformance_cases(prefix)) {
      for (const fs::path& path : checkpoints_in(folder)) {
        SCOPED_TRACE(path);
        const CheckpointFile file(path);
        EXPECT_EQ(file.format() == Format::kSafetensors, path.extension() == ".safetensors");
        if (path.extension() == ".pkl") {
          EXPECT_EQ(file.format() == Format::kAdaPickle, file.settings().is_object());
        }
        for (const auto& [name, entry] : file.tensors()) {
          const at::Tensor tensor = file.tensor(name);
          EXPECT_EQ(tensor.sizes(), at::IntArrayRef(entry.shape)) << name;
          EXPECT_EQ(tensor.scalar_type(), entry.dtype) << name;
          EXPECT_TRUE(tensor.to(at::kDouble).isfinite().all().item<bool>()) << name;
        }
        EXPECT_FALSE(file.tensors().empty());
        EXPECT_NO_THROW(file.settings().dump());
        ++files;
      }
    }
  }
  if (files == 0) GTEST_SKIP() << kNoKit;
}

TEST(Conformance, TensorFlowPicklesOfAllProtocolsHoldTheSame) {
  const auto cases = testing::conformance_cases("A1");
  if (cases.empty()) GTEST_SKIP() << kNoKit;
  for (const fs::path& folder : cases) {
    std::optional<NamedTensors> expected;
    for (const fs::path& path : checkpoints_in(folder)) {
      if (path.extension() != ".pkl") continue;
      const CheckpointFile file(path);
      EXPECT_EQ(file.format(), Format::kTensorFlowPickle);
      ASSERT_EQ(file.settings().size(), 3u) << path;
      const int64_t resolution = file.settings()[2]["static_kwargs"]["resolution"].get<int64_t>();
      const std::string last = std::to_string(resolution) + "x" + std::to_string(resolution);
      EXPECT_TRUE(file.tensors().contains("2.variables.dlatent_avg")) << path;
      EXPECT_TRUE(file.tensors().at("2.components.synthesis.variables.4x4/Conv/noise_strength").shape.empty())
          << path;
      EXPECT_EQ(file.tensors().at("2.components.synthesis.variables." + last + "/ToRGB/weight").shape.size(),
                4u);
      EXPECT_EQ(file.tensors().at("2.components.mapping.variables.Dense0/weight").shape.size(), 2u);
      if (!path.filename().string().starts_with("small")) continue;
      const NamedTensors tensors = tensors_below(file, "");
      if (!expected) expected = tensors;
      expect_same(tensors, *expected, path);
    }
  }
}

TEST(Conformance, AdaPicklesGiveTheSettingsOfTheirLayers) {
  const auto cases = testing::conformance_cases("A2");
  if (cases.empty()) GTEST_SKIP() << kNoKit;
  for (const fs::path& folder : cases) {
    for (const fs::path& path : checkpoints_in(folder)) {
      if (path.extension() != ".pkl") continue;
      SCOPED_TRACE(path);
      const CheckpointFile file(path);
      EXPECT_EQ(file.format(), Format::kAdaPickle);
      const json& generator = file.settings().at("G_ema");
      EXPECT_EQ(generator.at("class_name"), "Generator");
      const json& synthesis = generator.at("synthesis");
      for (const json& r : synthesis.at("block_resolutions")) {
        const std::string block = "b" + std::to_string(r.get<int64_t>());
        const json& conv = synthesis.at(block).at("conv1");
        EXPECT_EQ(conv.at("conv_clamp"), conv.at("_init_kwargs").value("conv_clamp", json())) << block;
        EXPECT_EQ(conv.at("resolution"), r);
        const auto& weight = file.tensors().at("G_ema.synthesis." + block + ".conv1.weight");
        EXPECT_EQ(weight.shape, (std::vector<int64_t>{weight.shape[0], weight.shape[0], 3, 3}));
        EXPECT_TRUE(file.tensors().contains("G_ema.synthesis." + block + ".conv1.affine.bias"));
        if (conv.at("_init_kwargs").value("channels_last", false)) {
          EXPECT_EQ(file.tensor("G_ema.synthesis." + block + ".conv1.weight").stride(1), 1) << block;
        }
      }
      EXPECT_TRUE(file.tensors().contains("G_ema.mapping.w_avg"));
      EXPECT_GT(generator.at("mapping").at("fc0").at("bias_gain").get<double>(), 0);
      EXPECT_EQ(file.settings().dump().find("module_src"), std::string::npos);
    }
  }
}

TEST(Conformance, RosinalityCheckpointsOfAllKindsHoldTheSame) {
  const auto cases = testing::conformance_cases("A3");
  if (cases.empty()) GTEST_SKIP() << kNoKit;
  for (const fs::path& folder : cases) {
    std::optional<NamedTensors> expected;
    for (const fs::path& path : checkpoints_in(folder)) {
      if (path.extension() != ".pt") continue;
      const std::string name = path.filename().string();
      const CheckpointFile file(path);
      EXPECT_TRUE(file.tensors().contains("g_ema.conv1.conv.weight")) << path;
      EXPECT_EQ(file.tensors().at("g_ema.input.input").dtype,
                name.find("fp16") == std::string::npos ? at::kFloat : at::kHalf);
      if (name.find("training") != std::string::npos) {
        EXPECT_EQ(file.settings().at("args").at("__class__"), "argparse.Namespace");
      }
      const bool same_weights = name.starts_with("small") && name.find("fp16") == std::string::npos &&
                                name.find("old") == std::string::npos;
      if (!same_weights) continue;
      const NamedTensors tensors = tensors_below(file, "g_ema.");
      if (!expected) expected = tensors;
      expect_same(tensors, *expected, path);
    }
  }
}

TEST(Conformance, ThreeFormatsHoldTheSameConstant) {
  const auto cases = testing::conformance_cases("A4");
  if (cases.empty()) GTEST_SKIP() << kNoKit;
  for (const fs::path& folder : cases) {
    std::vector<at::Tensor> constants;
    for (const fs::path& path : checkpoints_in(folder)) {
      const CheckpointFile file(path);
      for (const char* name : {"2.components.synthesis.variables.4x4/Const/const", "G_ema.synthesis.b4.const",
                               "g_ema.input.input"}) {
        if (file.tensors().contains(name)) constants.push_back(file.tensor(name).squeeze());
      }
    }
    ASSERT_EQ(constants.size(), 3u);
    EXPECT_TRUE(at::equal(constants[0], constants[1]));
    EXPECT_TRUE(at::equal(constants[0], constants[2]));
  }
}

TEST(Conformance, MotionModelsAndEncodersOfAllContainersHoldTheSame) {
  // Files with the same weights, and where those are.
  struct Group {
    const char* folder;
    const char* file;
    std::vector<const char*> prefixes;
  };
  const Group groups[] = {{"A5", "fomm-full", {"generator.", "kp_detector."}},
                          {"A5", "fomm-gen", {"generator.", "kp_detector."}},
                          {"A6", "e4e", {"state_dict.", "latent_avg"}}};
  std::map<std::string, NamedTensors> expected;
  int files = 0;
  for (const Group& group : groups) {
    for (const fs::path& folder : testing::conformance_cases(group.folder)) {
      for (const fs::path& path : checkpoints_in(folder)) {
        if (!path.filename().string().starts_with(group.file) || path.extension() == ".safetensors") continue;
        const CheckpointFile file(path);
        for (const char* prefix : group.prefixes) {
          const NamedTensors tensors = tensors_below(file, prefix);
          expect_same(tensors, expected.emplace(folder.string() + prefix, tensors).first->second, path);
        }
        if (std::string(group.folder) == "A6") {
          EXPECT_TRUE(file.settings().at("opts").contains("stylegan_size")) << path;
        }
        ++files;
      }
    }
  }
  if (files == 0) GTEST_SKIP() << kNoKit;
}

struct Verdict {
  fs::path path;
  json facts;

  bool accepted() const { return facts.at("verdict") == "accepted"; }
  // Only whoever builds the network can see these.
  bool is_matter_of_networks() const {
    return facts.at("kind") == "lying-shape" || facts.at("kind") == "missing";
  }
};

std::vector<Verdict> verdicts() {
  std::vector<Verdict> result;
  for (const fs::path& folder : testing::conformance_cases("A7")) {
    std::ifstream file(folder / "verdicts.json");
    if (!file) continue;
    const json kit = json::parse(file);
    for (const json& facts : kit.at("files")) {
      result.push_back({folder / facts.at("file").get<std::string>(), facts});
    }
  }
  return result;
}

// The largest memory the process had since the last reset, in KiB; 0 where the system does not say.
int64_t peak_memory_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
  }
  return 0;
}
void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << "5"; }

class Hostile : public ::testing::TestWithParam<Verdict> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Hostile);

TEST_P(Hostile, IsJudgedAsItShould) {
  const Verdict& verdict = GetParam();
  if (!fs::exists(verdict.path)) GTEST_SKIP() << verdict.path << " is not in this copy of the kit";
  SCOPED_TRACE(verdict.facts.dump());
  const bool opens = verdict.accepted() || verdict.is_matter_of_networks();
  reset_peak_memory();
  const int64_t memory_before = peak_memory_kib();
  const auto start = std::chrono::steady_clock::now();
  try {
    const CheckpointFile file(verdict.path);
    EXPECT_TRUE(opens);
    for (const auto& [name, entry] : file.tensors()) EXPECT_NO_THROW(file.tensor(name).sum()) << name;
  } catch (const Error& error) {
    EXPECT_FALSE(opens) << error.what();
    const std::string message = error.what(), kind = verdict.facts.at("kind");
    EXPECT_THAT(message, HasSubstr(verdict.path.string() + ": "));
    EXPECT_THAT(message, HasSubstr(verdict.facts.value("message_should_contain", "")));
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_FALSE(error.hint().empty());
    const bool has_format = fs::file_size(verdict.path) > 100;
    EXPECT_THAT(message, HasSubstr(kind == "exec-pickle"               ? "refused"
                                   : kind == "truncated" && has_format ? "cut off"
                                                                       : ""));
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_LT(seconds.count(), verdict.facts.value("max_seconds", 10.0));
  EXPECT_LT((peak_memory_kib() - memory_before) / 1024, verdict.facts.value("max_mebibytes", 512));
}

std::string test_name(const ::testing::TestParamInfo<Verdict>& verdict) {
  std::string name = verdict.param.facts.at("file").get<std::string>();
  for (char& letter : name) {
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  }
  return name + "_" + std::to_string(verdict.index);
}
INSTANTIATE_TEST_SUITE_P(Conformance, Hostile, ::testing::ValuesIn(verdicts()), test_name);

TEST(Conformance, HostileFilesAreThere) {
  if (verdicts().empty()) GTEST_SKIP() << kNoKit;
}

}  // namespace
}  // namespace toonmirror::checkpoint
