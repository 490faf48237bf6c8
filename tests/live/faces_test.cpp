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

TEST(LiveFaceFinder, HoldsALostFaceThenFadesIt) {
  const cv::Mat with_face = face_picture(), without = cv::Mat::zeros(with_face.size(), CV_8UC3);
  for (const toon::FaceChoice choice : {toon::FaceChoice::kAll, toon::FaceChoice::kLargest}) {
    LiveFaceFinder finder(toon::testing::shared_predictor(), 10);
    const double begin_s = 1000;
    EXPECT_TRUE(finder.find(without, begin_s, choice).faces.empty());
    const LiveFaces seen = finder.find(with_face, begin_s + 0.1, choice);
    ASSERT_EQ(seen.faces.size(), 1U);
    EXPECT_EQ(seen.presence, 1);
    for (double lost_s = 0.07; lost_s < 1; lost_s += 0.07) {
      const LiveFaces found = finder.find(without, begin_s + 0.1 + lost_s, choice);
      EXPECT_EQ(found.faces.size(), lost_s < 0.6 ? 1U : 0U) << lost_s;
      if (found.faces.empty()) continue;
      EXPECT_NEAR(found.presence, std::min(1.0, 1 - (lost_s - 0.25) / 0.35), 1e-6) << lost_s;
      EXPECT_EQ(found.faces.front().track_id, seen.faces.front().track_id);
    }
    EXPECT_EQ(finder.find(with_face, begin_s + 1.2, choice).presence, 1);
  }
}

}  // namespace
}  // namespace toonmirror::live
