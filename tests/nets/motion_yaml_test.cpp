#include "nets/motion_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace toonmirror::nets {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using toonmirror::testing::TemporaryFolder;

constexpr const char* kYaml = R"(
dataset_params: {frame_shape: [64, 64, 3]}
model_params:
  common_params: {num_kp: 7, num_channels: 3, estimate_jacobian: True}
  kp_detector_params: {temperature: 0.2, block_expansion: 8, max_features: 32, scale_factor: 0.25, num_blocks: 3}
  generator_params:
    block_expansion: 16
    max_features: 64
    num_down_blocks: 1
    num_bottleneck_blocks: 5
    dense_motion_params: {block_expansion: 12, max_features: 48, num_blocks: 4, kp_variance: 2.0e-2}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(MotionYaml, IsReadWithTheDefaultsOfTheReference) {
  const TemporaryFolder folder;
  const MotionModelOptions options = read_motion_options(folder.write("model.yaml", kYaml));
  EXPECT_EQ(options.num_kp, 7);
  EXPECT_TRUE(options.estimate_jacobian);
  EXPECT_EQ(options.kp_detector.temperature, 0.2);
  EXPECT_EQ(options.kp_detector.hourglass.scale_factor, 0.25);
  EXPECT_EQ(options.kp_detector.hourglass.num_blocks, 3);
  EXPECT_EQ(options.generator.num_bottleneck_blocks, 5);
  EXPECT_EQ(options.generator.dense_motion.hourglass.max_features, 48);
  EXPECT_EQ(options.generator.dense_motion.kp_variance, 0.02);
  EXPECT_EQ(options.kp_detector.pad, 0);
  EXPECT_FALSE(options.kp_detector.single_jacobian_map);
  EXPECT_FALSE(options.generator.estimate_occlusion_map);
  EXPECT_EQ(options.generator.dense_motion.hourglass.scale_factor, 1.0);
}

TEST(MotionYaml, RefusalsNameTheValue) {
  const TemporaryFolder folder;
  const auto reading = [&](const std::string& text) {
    return [path = folder.write("model.yaml", text)] { read_motion_options(path); };
  };
  EXPECT_THAT(
      reading(replaced(kYaml, "temperature: 0.2, ", "")),
      ThrowsMessage<Error>(HasSubstr("model.yaml: lacks model_params.kp_detector_params.temperature")));
  EXPECT_THAT(reading(replaced(kYaml, "num_kp: 7", "num_kp: many")),
              ThrowsMessage<Error>(HasSubstr("model_params.common_params.num_kp is not of the type")));
  EXPECT_THAT(reading(replaced(kYaml, "num_kp: 7", "num_kp: 1000000000")),
              ThrowsMessage<Error>(HasSubstr("num_kp is 1000000000")));
  EXPECT_THAT(reading(replaced(kYaml, "scale_factor: 0.25", "scale_factor: .nan")),
              ThrowsMessage<Error>(HasSubstr("scale_factor")));
  EXPECT_THAT(reading("a: [1"), ThrowsMessage<Error>(HasSubstr("not a YAML file")));
  EXPECT_THAT(reading(""), ThrowsMessage<Error>(HasSubstr("model.yaml: has no sections")));
  EXPECT_THAT(reading("just words"), ThrowsMessage<Error>(HasSubstr("model.yaml: has no sections")));
  EXPECT_THAT(reading("a: 1"), ThrowsMessage<Error>(HasSubstr("model.yaml: lacks model_params")));
  EXPECT_THAT(reading("model_params: 1"),
              ThrowsMessage<Error>(HasSubstr("model.yaml: model_params is not a section")));
  EXPECT_THAT(reading(std::string(100'000, '[')), ThrowsMessage<Error>(HasSubstr("not a YAML file")));
  EXPECT_THROW(read_motion_options(folder / "missing.yaml"), Error);
}

}  // namespace
}  // namespace toonmirror::nets
