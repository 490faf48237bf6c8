#include "nets/import_generator.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "checkpoint/safetensors.h"
#include "nets/model_file.h"
#include "support/conformance.h"

namespace toonmirror::nets {
namespace {

namespace fs = std::filesystem;

constexpr double kTolerance = 1e-4;

double max_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

Generator open_generator(const fs::path& path) { return load_generator(checkpoint::CheckpointFile(path)); }

// What a file of expected values asks for by the names of its tensors: "image_psi0.7_cutoff4_const".
struct Request {
  double psi = 1;
  int64_t cutoff = -1;
  NoiseMode noise = NoiseMode::kConst;
};

Request parse_request(const std::string& name) {
  Request request;
  if (const size_t at = name.find("psi"); at != std::string::npos)
    request.psi = std::stod(name.substr(at + 3));
  if (const size_t at = name.find("cutoff"); at != std::string::npos) {
    request.cutoff = std::stoll(name.substr(at + 6));
  }
  if (name.find("none") != std::string::npos || name.find("nonoise") != std::string::npos) {
    request.noise = NoiseMode::kNone;
  }
  return request;
}

// A1, A2, A4: names as the ADA code gives them. Returns how many values were compared.
int compare_with_ada(Generator& generator, const checkpoint::SafetensorsFile& expected) {
  const at::NoGradGuard no_grad;
  const at::Tensor z = expected.tensor("z");
  int compared = 0;
  for (const auto& [name, info] : expected.tensors()) {
    const Request request = parse_request(name);
    const at::Tensor ws = generator->map(z, request.psi, request.cutoff);
    at::Tensor actual;
    if (name.starts_with("image_")) {
      SynthesisOptions options;
      options.noise_mode = request.noise;
      actual = generator->synthesize(ws, {}, options);
    } else if (name.starts_with("ws_")) {
      actual = ws;
    } else if (name.starts_with("w_")) {
      actual = ws.select(1, 0);
    } else if (name.starts_with("z0_block") && name.ends_with("_img")) {
      SynthesisOptions options;
      options.max_resolution = std::stoll(name.substr(8));
      actual = generator->synthesize(generator->map(z.narrow(0, 0, 1)), {}, options);
    } else {
      continue;
    }
    EXPECT_LT(max_difference(actual, expected.tensor(name)), kTolerance) << name;
    ++compared;
  }
  return compared;
}

// A3: names as rosinality's code gives them. Without an average latent in the file, truncation has no
// expected result.
int compare_with_rosinality(Generator& generator, const checkpoint::SafetensorsFile& expected,
                            bool has_average, bool has_noise) {
  const at::NoGradGuard no_grad;
  const at::Tensor z = expected.tensor("z");
  int compared = 0;
  for (const auto& [name, info] : expected.tensors()) {
    if (name == "w") {
      EXPECT_LT(max_difference(generator->map(z).select(1, 0), expected.tensor(name)), kTolerance);
      ++compared;
      continue;
    }
    const Request request = parse_request(name);
    const bool noisy = request.noise == NoiseMode::kConst;
    if (!name.starts_with("image_") || (!has_average && request.psi != 1) || (!has_noise && noisy)) continue;
    at::Tensor ws = generator->map(z, request.psi);
    if (const size_t at = name.find("_at"); name.starts_with("image_mix_z0_z1") && at != std::string::npos) {
      const int64_t inject = std::stoll(name.substr(at + 3));
      ws = at::cat({ws.narrow(0, 0, 1).narrow(1, 0, inject),
                    ws.narrow(0, 1, 1).narrow(1, inject, ws.size(1) - inject)},
                   1);
    }
    SynthesisOptions options;
    options.noise_mode = request.noise;
    EXPECT_LT(max_difference(generator->synthesize(ws, {}, options), expected.tensor(name)), kTolerance)
        << name;
    ++compared;
  }
  return compared;
}

// The checkpoint files of a case: everything that is not an expected result.
std::vector<fs::path> checkpoints_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".pkl" || extension == ".pt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// "small-proto2.pkl" → its own expected values, else those of the longest shared beginning: "small".
fs::path expected_for(const fs::path& file) {
  std::string stem = file.stem().string();
  while (true) {
    const fs::path candidate = file.parent_path() / (stem + ".expected.safetensors");
    if (fs::exists(candidate)) return candidate;
    const size_t dash = stem.rfind('-');
    if (dash == std::string::npos) return {};
    stem.resize(dash);
  }
}

void expect_files_of_case_agree(const std::string& prefix) {
  const auto cases = testing::conformance_cases(prefix);
  if (cases.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  for (const fs::path& folder : cases) {
    for (const fs::path& file : checkpoints_in(folder)) {
      SCOPED_TRACE(file.string());
      Generator generator = open_generator(file);
      const fs::path expected = expected_for(file);
      ASSERT_FALSE(expected.empty());
      EXPECT_GT(compare_with_ada(generator, checkpoint::SafetensorsFile(expected)), 5);
    }
  }
}

TEST(ImportConformance, TensorFlowPickles) { expect_files_of_case_agree("A1-"); }

TEST(ImportConformance, AdaPickles) { expect_files_of_case_agree("A2-"); }

TEST(ImportConformance, SameWeightsInThreeFormatsGiveTheSamePictures) { expect_files_of_case_agree("A4-"); }

TEST(ImportConformance, RosinalityFiles) {
  const auto cases = testing::conformance_cases("A3-");
  if (cases.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  for (const fs::path& folder : cases) {
    for (const fs::path& path : checkpoints_in(folder)) {
      SCOPED_TRACE(path.string());
      fs::path expected = expected_for(path);
      // "ros-zip.pt" has its values in "ros.expected"; every file finds one.
      ASSERT_FALSE(expected.empty());
      const checkpoint::CheckpointFile file(path);
      const auto has = [&file](const std::string& ending) {
        return std::any_of(file.tensors().begin(), file.tensors().end(),
                           [&ending](const auto& entry) { return entry.first.ends_with(ending); });
      };
      Generator generator = load_generator(file);
      EXPECT_GE(compare_with_rosinality(generator, checkpoint::SafetensorsFile(expected), has("latent_avg"),
                                        has("noises.noise_0")),
                2);
    }
  }
}

TEST(ImportGenerator, SaysWhatItFilledIn) {
  const auto cases = testing::conformance_cases("A3-");
  if (cases.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  const fs::path old_file = cases.front() / "small-old-no-noises.pt";
  if (!fs::exists(old_file)) GTEST_SKIP() << "the conformance data have no file without noise pictures";
  const auto found = find_generator(checkpoint::CheckpointFile(old_file));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->notes.size(), 2U);  // noise and average latent
  const auto again = find_generator(checkpoint::CheckpointFile(old_file));
  for (const auto& [name, tensor] : found->tensors) EXPECT_TRUE(at::equal(tensor, again->tensors.at(name)));
}

}  // namespace
}  // namespace toonmirror::nets
