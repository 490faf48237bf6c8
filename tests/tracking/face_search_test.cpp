#include "tracking/face_search.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/model_path.h"
#include "nets/face_mesh.h"
#include "nets/mesh_measures.h"
#include "tracking/fixtures.h"

namespace toonmirror::tracking {
namespace {

TEST(FindFaces, NamesThePictureWithoutFaces) {
  const cv::Mat scene = face::testing::textured_picture({300, 200}, 30, 3);
  EXPECT_TRUE(find_faces(testing::shared_face_models(), scene).empty());
  try {
    require_faces(testing::shared_face_models(), scene, "scene.png");
    FAIL() << "nothing thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "scene.png: no face found");
  }
}

class FindFacesMedia : public ::testing::Test {
 protected:
  void SetUp() override {
    group_ = testing::group_picture();
    if (group_.empty()) GTEST_SKIP() << "TOONMIRROR_MEDIA names no folder with group_cc0.jpg";
  }
  cv::Mat group_;
};

TEST_F(FindFacesMedia, FindsAllHoweverThePictureIsTurned) {
  EXPECT_EQ(find_faces(testing::shared_face_models(), group_).size(), 6U);
  for (const int turn : {cv::ROTATE_90_CLOCKWISE, cv::ROTATE_180, cv::ROTATE_90_COUNTERCLOCKWISE}) {
    cv::Mat turned;
    cv::rotate(group_, turned, turn);
    const std::vector<face::Face> faces = find_faces(testing::shared_face_models(), turned);
    EXPECT_EQ(faces.size(), 6U) << turn;
    const cv::Point2d up = faces.front().landmarks[27] - faces.front().landmarks[8];
    const cv::Point2d expected = turn == cv::ROTATE_180            ? cv::Point2d(0, 1)
                                 : turn == cv::ROTATE_90_CLOCKWISE ? cv::Point2d(1, 0)
                                                                   : cv::Point2d(-1, 0);
    EXPECT_GT(up.dot(expected) / cv::norm(up), 0.9) << turn;
  }
}

// A collar and the back of a chair around a face are no larger face, whose picture would be drawn in its place.
TEST_F(FindFacesMedia, EachOfThemAloneIsOneFaceOfTheSameSize) {
  const std::vector<face::Face> together = find_faces(testing::shared_face_models(), group_);
  for (int i = 0; i < 6; ++i) {
    const cv::Rect part(i % 3 * group_.cols / 3, i / 3 * group_.rows / 2, group_.cols / 3, group_.rows / 2);
    const std::vector<face::Face> alone = find_faces(testing::shared_face_models(), group_(part).clone());
    ASSERT_EQ(alone.size(), 1U) << i;
    const auto same = std::ranges::find_if(together, [&](const face::Face& face) {
      return part.contains(cv::Point(cvRound(face.landmarks[30].x), cvRound(face.landmarks[30].y)));
    });
    ASSERT_NE(same, together.end());
    EXPECT_NEAR(alone[0].box.width, same->box.width, 0.25 * same->box.width) << i;
  }
}

double yaw_deg(const face::Face& face) {
  static const nets::FaceMesh network =
      nets::load_face_mesh(checkpoint::CheckpointFile(find_model("mesh", ".safetensors")));
  std::vector<double> points;
  for (const cv::Point3d& p : face.mesh) points.insert(points.end(), {p.x, p.y, p.z});
  const at::Tensor mesh = at::tensor(points).view({1, -1, 3});
  return nets::head_angles(nets::head_rotations(mesh, network->canonical))[0][0].item<double>();
}

TEST(FindFaces, FindsAProfileBothWaysRound) {
  const std::filesystem::path folder = face::testing::shared_folder("TOONMIRROR_MEDIA", "media");
  if (folder.empty()) GTEST_SKIP() << "TOONMIRROR_MEDIA names no folder";
  const cv::Mat profile = face::testing::read_rgb(folder / "profile.jpg");
  cv::Mat mirrored;
  cv::flip(profile, mirrored, 1);
  const std::vector<face::Face> seen = find_faces(testing::shared_face_models(), profile);
  const std::vector<face::Face> other = find_faces(testing::shared_face_models(), mirrored);
  ASSERT_EQ(seen.size(), 1U);
  ASSERT_EQ(other.size(), 1U);
  EXPECT_GT(std::abs(yaw_deg(seen[0])), 20);
  EXPECT_LT(yaw_deg(seen[0]) * yaw_deg(other[0]), 0);
}

TEST_F(FindFacesMedia, AVideosSearchLeavesOutWhomItKnows) {
  FaceSearch search(testing::shared_face_models().mesh);
  const std::vector<MeshFace> all = search.find(group_, SearchEffort::kThorough, {});
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(search.find(group_, SearchEffort::kThorough, {box_of(all[0]), box_of(all[1])}).size(), 4U);
}

}  // namespace
}  // namespace toonmirror::tracking
