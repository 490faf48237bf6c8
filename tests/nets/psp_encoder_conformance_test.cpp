// pSp and e4e encoders against what the reference code computed: conformance cases A6 and B2.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <span>
#include <sstream>

#include "base/error.h"
#include "checkpoint/checkpoint_file.h"
#include "checkpoint/safetensors.h"
#include "checkpoint/zip_archive.h"
#include "nets/model_file.h"
#include "nets/psp_encoder.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace toonmirror::nets {
namespace {

using toonmirror::testing::TemporaryFolder;

nlohmann::json read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

at::Tensor read_picture(const std::filesystem::path& path) {
  const cv::Mat picture = cv::imread(path.string(), cv::IMREAD_COLOR);
  if (picture.empty()) throw Error(path.string() + ": not a picture");
  const at::Tensor bgr = at::from_blob(picture.data, {1, picture.rows, picture.cols, 3}, at::kByte);
  const at::Tensor rgb = bgr.flip({3}).permute({0, 3, 1, 2}).to(at::kDouble).div(255.0).to(at::kFloat);
  return ((rgb - 0.5) / 0.5).contiguous();
}

double max_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

// Every tensor of a case by its name: codes_INPUT, latents_INPUT, image_INPUT; pictures as a whole or
// averaged down, once (_pooled256) or again (_area64). The largest differences go into the report
// (--gtest_output).
void expect_case(PspEncoder& encoder, Generator& generator, const std::filesystem::path& inputs,
                 const std::filesystem::path& file, double code_tolerance) {
  constexpr double kPictureTolerance = 2e-4;
  const checkpoint::SafetensorsFile expected(file);
  std::map<std::string, at::Tensor> codes;
  const auto codes_of = [&](const std::string& input) {
    if (!codes.contains(input)) codes[input] = encoder->forward(read_picture(inputs / (input + ".png")));
    return codes[input];
  };
  const at::Tensor average = named_tensors(*encoder).at("latent_avg");
  for (const auto& [name, info] : expected.tensors()) {
    const size_t begin = name.find('_') + 1;
    const std::string what = name.substr(0, begin - 1);
    const std::string input = name.substr(begin, name.find('_', begin) - begin);
    at::Tensor actual = codes_of(input);
    if (what != "codes") actual = actual + average;
    if (what == "image") {
      actual = generator->synthesize(actual);
      for (size_t at = name.find('_', begin); at != std::string::npos; at = name.find('_', at + 1)) {
        const int64_t size = std::stoll(name.substr(name.find_first_of("0123456789", at)));
        actual = at::adaptive_avg_pool2d(actual, {size, size});
      }
    }
    const at::Tensor wanted = expected.tensor(name);
    ASSERT_EQ(actual.sizes(), wanted.sizes()) << name;
    const double difference = max_difference(actual, wanted);
    EXPECT_LE(difference, what == "image" ? kPictureTolerance : code_tolerance) << name;
    std::ostringstream text;
    text << difference;
    ::testing::Test::RecordProperty(inputs.filename().string() + "." + name, text.str());
  }
}

// Statistics of one picture after the input layer and every unit.
void expect_layers(PspEncoder& encoder, const at::Tensor& picture, const nlohmann::json& layers) {
  const auto children = encoder->named_children();
  const auto units = children["body"]->named_children();
  at::Tensor x = children["input_layer"]->as<torch::nn::Sequential>()->forward(picture);
  for (const nlohmann::json& layer : layers) {
    const auto name = layer.at("layer").get<std::string>();
    if (name.starts_with("body.")) x = units[name.substr(5)]->as<IrSeUnit>()->forward(x);
    ASSERT_EQ(x.sizes(), layer.at("shape").get<std::vector<int64_t>>()) << name;
    EXPECT_NEAR(x.mean().item<double>(), layer.at("mean").get<double>(), 1e-4) << name;
    EXPECT_NEAR(x.std().item<double>(), layer.at("std").get<double>(), 1e-4) << name;
    EXPECT_NEAR(x.abs().max().item<double>(), layer.at("absmax").get<double>(), 1e-4) << name;
    const auto first = layer.at("first8").get<std::vector<float>>();
    const at::Tensor beginning = x.flatten().slice(0, 0, static_cast<int64_t>(first.size()));
    EXPECT_LT(max_difference(beginning, at::tensor(first)), 1e-4) << name;
  }
}

// Those of every picture that the case has them for, in layers_INPUT.json.
void expect_layers(PspEncoder& encoder, const std::filesystem::path& folder) {
  constexpr std::string_view kBeginning = "layers_";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    if (!name.starts_with(kBeginning)) continue;
    const at::Tensor picture = read_picture(folder / (name.substr(kBeginning.size()) + ".png"));
    expect_layers(encoder, picture, read_json(entry.path()));
  }
}

// The tensor of one entry of weights.json, compared with the checksum given there.
at::Tensor tensor_of(const nlohmann::json& entry, const std::string& salt) {
  const auto name = entry.at("name").get<std::string>();
  const auto shape = entry.at("shape").get<std::vector<int64_t>>();
  at::Tensor result;
  if (entry.at("kind") == "formula") {
    result = testing::formula_tensor(salt, name, shape, entry.at("gain").get<float>(),
                                     entry.at("base").get<float>());
    for (size_t i = 0; i < entry.at("first").size(); ++i) {
      EXPECT_EQ(result.flatten()[static_cast<int64_t>(i)].item<float>(), entry.at("first")[i].get<float>())
          << name;
    }
  } else if (name.ends_with("num_batches_tracked")) {
    result = at::zeros(shape, at::kLong);
  } else {  // kernels that blur while the picture is doubled
    const at::Tensor line = at::tensor({1.0F, 3.0F, 3.0F, 1.0F});
    result = at::outer(line, line) / 16.0;
  }
  const std::span<const uint8_t> bytes(static_cast<const uint8_t*>(result.data_ptr()), result.nbytes());
  EXPECT_EQ(checkpoint::crc32_of(bytes), std::stoul(entry.at("crc32").get<std::string>(), nullptr, 16))
      << name;
  return result;
}

TEST(Conformance, PublicEncodersInFullSize) {
  const auto cases = testing::conformance_cases("B2-");
  if (cases.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  const at::NoGradGuard no_grad;
  constexpr std::string_view kEncoder = "encoder.";
  for (const auto& folder : cases) {
    SCOPED_TRACE(folder.filename().string());
    const nlohmann::json info = read_json(folder / "case.json"), weights = read_json(folder / "weights.json");
    checkpoint::NamedTensors encoder_tensors, others;
    for (const nlohmann::json& entry : weights.at("tensors")) {
      const auto name = entry.at("name").get<std::string>();
      const at::Tensor tensor = tensor_of(entry, weights.at("salt").get<std::string>());
      if (name.starts_with(kEncoder)) {
        encoder_tensors[name.substr(kEncoder.size())] = tensor;
      } else {
        others[name] = tensor;
      }
    }
    EXPECT_EQ(encoder_tensors.size(), info.at("encoder_keys").get<size_t>());
    encoder_tensors["latent_avg"] = others.at("latent_avg");
    const PspFlavour flavour = info.at("net") == "e4e" ? PspFlavour::kE4e : PspFlavour::kPsp;
    PspEncoder encoder =
        load_psp_encoder(psp_options_from_tensors(encoder_tensors, flavour, "case"), encoder_tensors, "case");
    EXPECT_EQ(named_tensors(*encoder).size(), encoder_tensors.size());
    encoder_tensors.clear();

    // The generator as it is read from a public file: by its reference names.
    const TemporaryFolder temporary;
    checkpoint::write_safetensors(temporary / "decoder.safetensors", others, {});
    others.clear();
    Generator generator = load_generator(checkpoint::CheckpointFile(temporary / "decoder.safetensors"));
    expect_layers(encoder, folder);
    expect_case(encoder, generator, folder, folder / "expected.safetensors", 1e-4);
  }
}

TEST(Conformance, PublicEncoderFiles) {
  const std::filesystem::path folder = testing::conformance_folder() / "A6-psp-e4e";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  const at::NoGradGuard no_grad;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".pt") continue;
    const std::string name = entry.path().filename().string();
    SCOPED_TRACE(name);
    const checkpoint::CheckpointFile file(entry.path());
    const auto found = find_psp_encoder(file);
    ASSERT_TRUE(found);
    PspEncoder encoder = load_psp_encoder(found->options, found->tensors, name);
    Generator generator = load_generator(file);
    const std::string expected = name.substr(0, name.find('-')) + ".expected.safetensors";
    expect_case(encoder, generator, folder, folder / expected, 2e-4);
  }
}

}  // namespace
}  // namespace toonmirror::nets
