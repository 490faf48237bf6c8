#include "nets/motion_options.h"

#include <gtest/gtest.h>

#include "nets/first_order_motion.h"
#include "nets/model_file.h"

namespace toonmirror::nets {
namespace {

TEST(MotionOptions, ComeFromShapes) {
  MotionModelOptions options;
  options.kp_detector.hourglass = {
      .block_expansion = 6, .max_features = 20, .num_blocks = 2, .scale_factor = 0.5};
  options.generator.block_expansion = 6;
  options.generator.max_features = 20;
  options.generator.num_bottleneck_blocks = 2;
  options.generator.dense_motion.hourglass = options.kp_detector.hourglass;
  for (int variant = 0; variant < 4; ++variant) {
    options.num_kp = 3 + variant;
    options.estimate_jacobian = variant != 1;
    options.kp_detector.single_jacobian_map = variant == 2;
    options.kp_detector.hourglass.scale_factor = variant == 0 ? 1.0 : 0.25;
    options.generator.dense_motion.hourglass.num_blocks = 1 + variant;
    options.generator.num_down_blocks = variant;
    options.generator.num_bottleneck_blocks = 3 - variant;
    options.generator.estimate_occlusion_map = variant % 2 == 0;
    const checkpoint::NamedTensors tensors = named_tensors(*MotionModel(options));
    const MotionModelOptions found = motion_options_from_tensors(tensors, "test");
    EXPECT_NO_THROW(check_motion_options(options, tensors, "test"));
    EXPECT_EQ(found.num_kp, options.num_kp);
    EXPECT_EQ(found.size_multiple_px(), options.size_multiple_px());
    EXPECT_NO_THROW(load_motion_model(tensors, std::nullopt, "test"));
    EXPECT_NO_THROW(load_motion_model(tensors, options, "test"));
  }
}

}  // namespace
}  // namespace toonmirror::nets
