// Avatars, the animator and the puppet with a small untrained motion model: what holds for any weights.
#include "toon/animator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "motion_fixtures.h"
#include "toon/puppet.h"

namespace toonmirror::toon {
namespace {

using testing::colourful_picture;
using testing::landmarks_at;
using testing::largest_difference;
using testing::shared_face_models;
using testing::small_avatar;
using testing::small_motion_model;

class AvatarTest : public ::testing::Test {
 protected:
  nets::MotionModel model_ = small_motion_model(1);
  Avatar avatar_ = small_avatar(model_);
  toonmirror::testing::TemporaryFolder folder_;
};

TEST_F(AvatarTest, PacksHoldEverything) {
  write_avatar(folder_ / "me.avatar", avatar_, model_);
  EXPECT_TRUE(is_avatar_pack(folder_ / "me.avatar"));
  const Avatar read = read_avatar(folder_ / "me.avatar", model_, shared_face_models());
  EXPECT_EQ(largest_difference(read.picture, avatar_.picture), 0);
  EXPECT_EQ(read.landmarks, avatar_.landmarks);
  EXPECT_EQ(read.square.centre, avatar_.square.centre);
  EXPECT_EQ(read.style, "toon");
  for (const auto part :
       {&nets::EncodedSource::picture, &nets::EncodedSource::small, &nets::EncodedSource::features}) {
    EXPECT_TRUE(at::equal(read.source.*part, avatar_.source.*part));
  }
  EXPECT_TRUE(at::equal(read.source.skips.at(0), avatar_.source.skips.at(0)));
  EXPECT_TRUE(at::equal(read.source.key_points.jacobian, avatar_.source.key_points.jacobian));
}

TEST_F(AvatarTest, FeaturesOfAnotherModelAreMadeAnew) {
  write_avatar(folder_ / "me.avatar", avatar_, model_);
  nets::MotionModel other = small_motion_model(2);
  const Avatar read = read_avatar(folder_ / "me.avatar", other, shared_face_models()),
               expected = small_avatar(other);
  EXPECT_TRUE(at::allclose(read.source.features, expected.source.features));
  EXPECT_FALSE(at::allclose(read.source.features, avatar_.source.features));
}

TEST_F(AvatarTest, PacksOfOnePrecisionAreDrawnInAnother) {
  const at::NoGradGuard no_grad;
  model_->prepare(at::kBFloat16);
  write_avatar(folder_ / "me.avatar", small_avatar(model_), model_);
  model_->prepare(at::kFloat);
  const Avatar read = read_avatar(folder_ / "me.avatar", model_, shared_face_models());
  EXPECT_EQ(read.source.features.scalar_type(), at::kBFloat16);
  const nets::KeyPoints& rest = avatar_.source.key_points;
  EXPECT_LE(
      largest_difference(Animator(model_, read, {}).draw(rest), Animator(model_, avatar_, {}).draw(rest)), 4);
}

TEST_F(AvatarTest, OtherFilesAreNoPacks) {
  EXPECT_FALSE(is_avatar_pack(folder_ / "none"));
  EXPECT_FALSE(is_avatar_pack(folder_.write("text.avatar", "hello")));
  checkpoint::write_safetensors(folder_ / "a", {{"picture", at::zeros({3})}},
                                {{"toonmirror.kind", "generator"}});
  EXPECT_FALSE(is_avatar_pack(folder_ / "a"));
  EXPECT_THROW(read_avatar(folder_ / "a", model_, shared_face_models()), Error);
  checkpoint::write_safetensors(folder_ / "b",
                                {{"picture", at::zeros({2, 2, 3}, at::kByte)},
                                 {"landmarks", at::full({136}, NAN, at::kDouble)},
                                 {"square", at::zeros({4}, at::kDouble)}},
                                {{"toonmirror.kind", "avatar"}});
  EXPECT_THROW(read_avatar(folder_ / "b", model_, shared_face_models()), Error);
}

TEST_F(AvatarTest, RelativeMotionOfAStillFaceLeavesItAtRest) {
  Animator animator(model_, avatar_, {});
  const nets::KeyPoints still = animator.detect(colourful_picture({kMotionSize_px, kMotionSize_px}, 9), {});
  animator.set_reference(still);
  const nets::KeyPoints followed = animator.follow(still);
  EXPECT_TRUE(at::allclose(followed.value, avatar_.source.key_points.value, 1e-5, 1e-5));
  EXPECT_EQ(largest_difference(animator.draw(followed), animator.draw(avatar_.source.key_points)), 0);
}

TEST_F(AvatarTest, PresenceIsTheShareOfTheMotion) {
  Animator animator(model_, avatar_, {});
  const nets::KeyPoints reference =
      animator.detect(colourful_picture({kMotionSize_px, kMotionSize_px}, 9), {});
  animator.set_reference(reference);
  nets::KeyPoints moved = {reference.value + 0.2, reference.jacobian};
  const at::Tensor rest = avatar_.source.key_points.value;
  const at::Tensor full = animator.follow(moved).value - rest;
  EXPECT_GT(full.abs().max().item<double>(), 0.01);
  EXPECT_TRUE(at::allclose(animator.follow(moved, 0.25).value - rest, 0.25 * full, 1e-4, 1e-5));
  EXPECT_TRUE(at::allclose(animator.follow(moved, 0).value, rest));
}

TEST_F(AvatarTest, OutsideOfItsSquareThePictureIsUntouched) {
  const Animator animator(model_, avatar_, {});
  const cv::Mat white(kMotionSize_px, kMotionSize_px, CV_8UC3, cv::Scalar::all(255));
  const cv::Mat result = animator.in_picture(white);
  ASSERT_EQ(result.size(), avatar_.picture.size());
  cv::Mat outside(result.size(), CV_8U, cv::Scalar(255));
  const double half = avatar_.square.right.x + 1;
  const cv::Point2d c = avatar_.square.centre;
  cv::rectangle(outside, cv::Point2d(c.x - half, c.y - half), cv::Point2d(c.x + half, c.y + half), 0,
                cv::FILLED);
  EXPECT_EQ(cv::norm(result, avatar_.picture, cv::NORM_INF, outside), 0);
  EXPECT_EQ(result.at<cv::Vec3b>(c), cv::Vec3b(255, 255, 255));
}

TEST_F(AvatarTest, LargePicturesKeepTheirDetail) {
  // A model that keeps all of the picture.
  const at::NoGradGuard no_grad;
  for (auto& parameter : model_->named_parameters()) {
    if (parameter.key() == "generator.blend.weight") parameter.value().zero_();
    if (parameter.key() == "generator.blend.bias") parameter.value().fill_(40);
  }
  Avatar avatar = small_avatar(model_);
  EXPECT_EQ(Animator(model_, avatar, {}).side_px(), kMotionSize_px);
  cv::resize(avatar.picture, avatar.picture, {}, 4, 4, cv::INTER_CUBIC);
  cv::Mat grain(avatar.picture.size(), CV_8UC3);
  cv::RNG(5).fill(grain, cv::RNG::UNIFORM, 0, 60);
  avatar.picture = avatar.picture * 0.7 + grain;
  avatar.square = {4 * avatar.square.centre, 4 * avatar.square.right};
  avatar.source = model_->encode_source(motion_tensor(face::warp_crop(avatar.picture, avatar.alignment())));
  const Animator animator(model_, avatar, {});
  EXPECT_NEAR(animator.side_px(), 2 * avatar.square.right.x, 1);
  const cv::Mat whole =
      face::warp_crop(avatar.picture, face::at_size(avatar.alignment(), animator.side_px()));
  EXPECT_LE(largest_difference(animator.draw(avatar.source.key_points), whole), 3);
}

TEST_F(AvatarTest, APuppetRestsWithoutAFaceAndTakesBetterPoses) {
  Puppet puppet(Animator(model_, avatar_, {}));
  const cv::Mat frame = colourful_picture({320, 240}, 5);
  const cv::Mat rest = puppet.animator().draw(avatar_.source.key_points);
  EXPECT_EQ(largest_difference(puppet.update(frame, std::nullopt, 0), rest), 0);

  face::Face face;
  face.landmarks = landmarks_at(160, 120, 70, /*smile=*/0.5);
  puppet.update(frame, face, 0.04);
  EXPECT_EQ(puppet.calibrations(), 1);
  puppet.update(frame, face, 0.08);
  EXPECT_EQ(puppet.calibrations(), 1);
  face.landmarks = landmarks_at(160, 120, 70);  // the avatar's own pose
  puppet.update(frame, face, 0.12);
  EXPECT_EQ(puppet.calibrations(), 2);
  puppet.recalibrate();
  puppet.update(frame, face, 0.16);
  EXPECT_EQ(puppet.calibrations(), 3);

  cv::Mat picture;
  for (double time_s = 0.2; time_s < 2; time_s += 0.04) picture = puppet.update(frame, std::nullopt, time_s);
  EXPECT_LE(largest_difference(picture, rest), 1);
}

}  // namespace
}  // namespace toonmirror::toon
