#include "tracking/mesh_predictor.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "face/alignment.h"
#include "face/detector.h"
#include "tracking/fixtures.h"

namespace toonmirror::tracking {
namespace {

TEST(MeshPredictor, RefusesOtherFilesAndPictures) {
  EXPECT_THROW(MeshPredictor(TOONMIRROR_SOURCE_DIR "/models/film.safetensors"), Error);
  EXPECT_THROW(testing::shared_face_models().mesh.get()->predict(cv::Mat(), {{0, 0}, {1, 0}}), Error);
}

TEST(MeshPredictor, SeesNoFaceInAScene) {
  const cv::Mat scene = face::testing::textured_picture({300, 200}, 30, 3);
  const MeshFace seen = testing::shared_face_models().mesh.get()->predict(scene, {{150, 100}, {60, 0}});
  EXPECT_LT(seen.presence, 0.5);
  EXPECT_EQ(seen.points.size(), 478U);
}

// The first portrait of the group, and its face by dlib.
class MeshPredictorMedia : public ::testing::Test {
 protected:
  void SetUp() override {
    const cv::Mat group = testing::group_picture();
    if (group.empty()) GTEST_SKIP() << "TOONMIRROR_MEDIA names no folder with group_cc0.jpg";
    picture_ = group(cv::Rect(0, 0, group.cols / 3, group.rows / 2)).clone();
    face::Detector detector;
    const auto faces = face::find_faces(detector, *testing::shared_face_models().landmarks.get(), picture_);
    ASSERT_EQ(faces.size(), 1U);
    dlib_ = faces.front();
    const cv::Rect2f& box = dlib_.box;
    first_ = {{box.x + box.width / 2, box.y + 0.38 * box.height}, {0.95 * box.width, 0}};
  }

  MeshFace predict(const cv::Mat& picture, const face::FaceSquare& square) const {
    const MeshPredictor& mesh = *testing::shared_face_models().mesh.get();
    return mesh.predict(picture, mesh.predict(picture, square).square);
  }

  double distance(const face::Landmarks& a, const face::Landmarks& b) const {  // in distances of the eyes
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += cv::norm(a[i] - b[i]) / static_cast<double>(a.size());
    return sum / cv::norm(dlib_.landmarks[45] - dlib_.landmarks[36]);
  }

  cv::Mat picture_;
  face::Face dlib_;
  face::FaceSquare first_;
};

TEST_F(MeshPredictorMedia, SeesTheFaceAsDlibDoes) {
  const MeshFace seen = predict(picture_, first_);
  EXPECT_GT(seen.presence, 0.9);
  EXPECT_LT(distance(seen.landmarks, dlib_.landmarks), 0.06);
}

TEST_F(MeshPredictorMedia, TurnsAndMovesWithThePicture) {
  const MeshFace upright = predict(picture_, first_);
  cv::Mat turned;
  cv::rotate(picture_, turned, cv::ROTATE_90_CLOCKWISE);
  const cv::Matx23d forward(0, -1, picture_.rows - 1, 1, 0, 0);
  const cv::Point2d centre = face::transform(forward, first_.centre);
  const MeshFace seen = predict(turned, {centre, {-first_.right.y, first_.right.x}});
  EXPECT_LT(distance(seen.landmarks, face::transform(forward, upright.landmarks)), 0.01);
}

}  // namespace
}  // namespace toonmirror::tracking
