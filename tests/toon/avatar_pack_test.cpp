#include "toon/avatar_pack.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace toonmirror::toon {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr int64_t kSide_px = 8;

nets::MotionModelOptions small_options() {
  nets::MotionModelOptions options;
  options.num_kp = 2;
  options.generator.block_expansion = 2;
  options.generator.max_features = 3;
  options.generator.warped_skips = 1;
  options.generator.dense_motion.hourglass.scale_factor = 0.5;
  return options;
}

class AvatarPack : public ::testing::Test {
 protected:
  checkpoint::SafetensorsFile file(const std::string& changed = "", const at::Tensor& to = {}) const {
    checkpoint::NamedTensors tensors = {{"picture", at::zeros({30, 40, 3}, at::kByte)},
                                        {"landmarks", at::linspace(-3, 42, 136, at::kDouble)},
                                        {"mesh", at::full({478, 3}, 12.0, at::kDouble)},
                                        {"square", at::tensor({20.0, 15.0, 12.0, 0.0}, at::kDouble)},
                                        {"motion.small", at::zeros({1, 3, 4, 4})},
                                        {"motion.features", at::zeros({1, 3, 2, 2}, at::kBFloat16)},
                                        {"motion.skips.0", at::zeros({1, 3, 4, 4})},
                                        {"motion.value", at::zeros({1, 2, 2})},
                                        {"motion.jacobian", at::zeros({1, 2, 2, 2})}};
    if (to.defined()) {
      tensors[changed] = to;
    } else {
      tensors.erase(changed);
    }
    checkpoint::write_safetensors(folder_ / "me.avatar", tensors, {});
    return checkpoint::SafetensorsFile(folder_ / "me.avatar");
  }

  toonmirror::testing::TemporaryFolder folder_;
};

TEST_F(AvatarPack, IsBelievedWhenEverythingFits) {
  const checkpoint::SafetensorsFile pack = file();
  EXPECT_NO_THROW(check_avatar_picture(pack));
  EXPECT_NO_THROW(check_avatar_motion(pack, small_options(), kSide_px));
}

TEST_F(AvatarPack, NeedsPictureLandmarksAndSquareThatBelongTogether) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const auto checking = [this](const std::string& changed, const at::Tensor& to = {}) {
    return [pack = file(changed, to)] { check_avatar_picture(pack); };
  };
  const auto square = [](double x, double y, double right) {
    return at::tensor({x, y, right, 0.0}, at::kDouble);
  };
  EXPECT_THAT(checking("picture"), ThrowsMessage<Error>(HasSubstr("picture")));
  for (const at::Tensor& picture : {at::zeros({30, 40, 3}), at::zeros({30, 40, 4}, at::kByte)}) {
    EXPECT_THAT(checking("picture", picture), ThrowsMessage<Error>(HasSubstr("do not make an avatar")));
  }
  for (const double wrong : {kNan, -HUGE_VAL, 1e300, 81.0}) {
    EXPECT_THROW(checking("landmarks", at::full({136}, wrong, at::kDouble))(), Error) << wrong;
    EXPECT_THROW(checking("square", square(wrong, 15, 12))(), Error) << wrong;
    EXPECT_THROW(checking("square", square(20, wrong, 12))(), Error) << wrong;
    EXPECT_THROW(checking("square", square(20, 15, wrong))(), Error) << wrong;
  }
  EXPECT_THROW(checking("square", square(20, 15, 0))(), Error);
  EXPECT_THROW(checking("landmarks", at::zeros({136}))(), Error);
  EXPECT_NO_THROW(checking("mesh")());  // packs had none earlier
  EXPECT_THROW(checking("mesh", at::zeros({468, 3}, at::kDouble))(), Error);
  EXPECT_THROW(checking("mesh", at::full({478, 3}, kNan, at::kDouble))(), Error);
}

TEST_F(AvatarPack, HoldsTheMotionModelsOwnFeatures) {
  const auto checking = [this](const std::string& changed, const at::Tensor& to = {}) {
    return [pack = file(changed, to)] { check_avatar_motion(pack, small_options(), kSide_px); };
  };
  for (const char* name : {"motion.small", "motion.features", "motion.skips.0", "motion.value"}) {
    EXPECT_THAT(checking(name), ThrowsMessage<Error>(HasSubstr(name)));
    EXPECT_THAT(checking(name, at::zeros({1, 3, 5, 4})), ThrowsMessage<Error>(HasSubstr(name)));
  }
  EXPECT_THROW(checking("motion.value", at::zeros({1, 2, 2}, at::kLong))(), Error);
  EXPECT_THROW(checking("motion.value", at::full({1, 2, 2}, NAN))(), Error);
  EXPECT_THROW(checking("motion.jacobian")(), Error);

  nets::MotionModelOptions without = small_options();
  without.estimate_jacobian = false;
  EXPECT_THROW(check_avatar_motion(file(), without, kSide_px), Error);
  EXPECT_NO_THROW(check_avatar_motion(file("motion.jacobian"), without, kSide_px));
}

}  // namespace
}  // namespace toonmirror::toon
