#include "live/faces.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "media/video_reader.h"
#include "toon/fixtures.h"
#include "toon/pictures.h"

namespace toonmirror::live {
namespace {

// The first picture of the synthetic face that ships.
cv::Mat face_picture() {
  media::VideoReader demo(TOONMIRROR_SOURCE_DIR "/assets/demo.mp4");
  media::Frame frame;
  EXPECT_TRUE(demo.read(frame));
  cv::Mat picture;
  cv::resize(toon::picture_of(frame), picture, {256, 256}, 0, 0, cv::INTER_AREA);
  return picture;
}

TEST(LiveFaceFinder, FadesALostFace) {
  // A face that is gone from a corner of the picture is no cut.
  const cv::Mat without(480, 640, CV_8UC3, cv::Scalar(120, 126, 130));
  cv::Mat with_face = without.clone();
  face_picture().copyTo(with_face(cv::Rect(100, 80, 256, 256)));
  for (const toon::FaceChoice choice : {toon::FaceChoice::kAll, toon::FaceChoice::kLargest}) {
    LiveFaceFinder finder(toon::testing::shared_face_models().mesh, 10);
    const double begin_s = 1000;
    double time_s = begin_s;
    EXPECT_TRUE(finder.find(without, time_s, choice).empty());
    std::vector<face::Face> faces;
    for (; time_s < begin_s + 0.4; time_s += 0.05) faces = finder.find(with_face, time_s, choice);
    ASSERT_EQ(faces.size(), 1U);
    EXPECT_EQ(faces.front().shown, 1);
    const int id = faces.front().track_id;
    for (double shown = 1; shown > 0; time_s += 0.05) {
      ASSERT_LT(time_s, begin_s + 1);
      faces = finder.find(without, time_s, choice);
      EXPECT_LE(faces.size(), 1U);
      const double now = faces.empty() ? 0 : faces.front().shown;
      EXPECT_LE(shown - now, 0.2 + 1e-6);
      if (!faces.empty()) {
        EXPECT_EQ(faces.front().track_id, id);
      }
      shown = now;
    }
  }
}

}  // namespace
}  // namespace toonmirror::live
