#include "face/landmarks.h"

#include <gtest/gtest.h>

#include <utility>

#include "base/error.h"
#include "fixtures.h"
#include "support/temporary_folder.h"

namespace toonmirror::face {
namespace {

using testing::face_at;
using testing::read_rgb;
using testing::shared_folder;
using testing::shared_predictor;

TEST(LandmarkModel, AMissingFileIsAnError) {
  EXPECT_THROW(find_landmark_model("/nowhere/model.dat"), Error);
  EXPECT_THROW(load_landmark_predictor("/nowhere/model.dat"), Error);
}

TEST(LandmarkModel, TheVariableNamesTheFile) {
  const toonmirror::testing::TemporaryFolder folder;
  const std::filesystem::path file = folder.write("own.dat", "x");
  ::setenv("TOONMIRROR_LANDMARKS", file.c_str(), 1);
  EXPECT_EQ(find_landmark_model(), file);
  ::unsetenv("TOONMIRROR_LANDMARKS");
  EXPECT_NE(find_landmark_model(), file);
}

TEST(LandmarkModel, ADamagedFileIsAnErrorThatNamesThePackage) {
  const toonmirror::testing::TemporaryFolder folder;
  std::ifstream whole(find_landmark_model(), std::ios::binary);
  std::string start(100'000, '\0');
  whole.read(start.data(), static_cast<std::streamsize>(start.size()));
  for (const std::string& content : {std::string(), std::string("<html>not found</html>"), start}) {
    try {
      LandmarkPredictor predictor(folder.write("model.dat", content));
      FAIL() << "a damaged model was taken";
    } catch (const Error& error) {
      EXPECT_NE(error.hint().find("libdlib-data"), std::string::npos);
    }
  }
}

TEST(Landmarks, RollAndBoxFollowASimilarity) {
  const Landmarks upright = face_at({0, 0}, 60);
  for (const double roll : {-2.0, -0.3, 0.5, 3.0}) {
    EXPECT_NEAR(roll_of(face_at({200, 100}, 60, roll)) - roll_of(upright), roll, 1e-9);
  }
  const cv::Rect2f box = box_of(upright);
  const cv::Rect2f larger = box_of(face_at({10, 20}, 180));
  EXPECT_NEAR(larger.width, 3 * box.width, 1e-3);
  EXPECT_NEAR(larger.x, 3 * box.x + 10, 1e-3);
  EXPECT_NEAR(larger.y, 3 * box.y + 20, 1e-3);
}

class LandmarksMedia : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path folder = shared_folder("TOONMIRROR_MEDIA", "media");
    if (folder.empty()) GTEST_SKIP() << "TOONMIRROR_MEDIA names no folder";
    photo_ = read_rgb(folder / "still_exif6.jpg");
    group_ = read_rgb(folder / "group_cc0.jpg");
    ASSERT_FALSE(photo_.empty() || group_.empty());
  }

  // The mean distance of the points, in parts of the square's side.
  static double distance(const Landmarks& a, const Landmarks& b) {
    double sum = 0;
    for (int i = 0; i < kLandmarkCount; ++i) sum += cv::norm(a[i] - b[i]);
    return sum / kLandmarkCount / (2 * cv::norm(ffhq_square(a).right));
  }

  cv::Mat photo_, group_;
  Detector detector_;
};

TEST_F(LandmarksMedia, FacesComeLargestFirstEachWithItsOwnLandmarks) {
  const std::vector<Face> faces = find_faces(detector_, *shared_predictor().get(), group_);
  ASSERT_EQ(faces.size(), 6U);
  float width_before = HUGE_VALF;
  for (const Face& face : faces) {
    EXPECT_TRUE(face.box.contains(cv::Point2f(face.landmarks[30])));
    EXPECT_EQ(face.track_id, -1);
    EXPECT_LE(face.box.width, std::exchange(width_before, face.box.width));
  }
}

TEST_F(LandmarksMedia, LandmarksMoveWithThePicture) {
  const LandmarkPredictor& predictor = *shared_predictor().get();
  const Landmarks original = find_faces(detector_, predictor, photo_).at(0).landmarks;
  // Turned, resized and shifted pictures of one face.
  for (const double angle : {-20.0, 10.0, 25.0}) {
    for (const double scale : {0.45, 1.3}) {
      cv::Mat m = cv::getRotationMatrix2D(cv::Point2f(240, 250), angle, scale);
      cv::Mat turned;
      cv::warpAffine(photo_, turned, m, {480, 600}, cv::INTER_AREA, cv::BORDER_REPLICATE);
      const std::vector<Face> faces = find_faces(detector_, predictor, turned);
      ASSERT_GE(faces.size(), 1U) << angle << " " << scale;
      EXPECT_LT(distance(transform(cv::Matx23d(m), original), faces[0].landmarks), 0.025)
          << angle << " " << scale;
    }
  }
}

}  // namespace
}  // namespace toonmirror::face
