// Agreement with the public alignment code: case D of the conformance folder, whatever pictures and sizes it
// holds.
#include "reference_crop.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "face/alignment.h"
#include "fixtures.h"

namespace toonmirror::face {
namespace {

using nlohmann::json;
using testing::face_at;
using testing::read_rgb;
using testing::shared_folder;

// The points of one F64 tensor of a .safetensors file.
std::vector<cv::Point2d> read_points(const std::filesystem::path& file, const std::string& name) {
  std::ifstream stream(file, std::ios::binary);
  uint64_t header_size = 0;
  stream.read(reinterpret_cast<char*>(&header_size), sizeof header_size);
  std::string header(header_size, '\0');
  stream.read(header.data(), static_cast<std::streamsize>(header_size));
  const json tensor = json::parse(header).at(name);
  EXPECT_EQ(tensor.at("dtype"), "F64");
  const uint64_t first = tensor.at("data_offsets").at(0);
  const uint64_t end = tensor.at("data_offsets").at(1);
  std::vector<cv::Point2d> points((end - first) / sizeof(cv::Point2d));
  stream.seekg(static_cast<std::streamoff>(sizeof header_size + header_size + first));
  stream.read(reinterpret_cast<char*>(points.data()), static_cast<std::streamsize>(end - first));
  EXPECT_TRUE(stream.good());
  return points;
}

class ConformanceD : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path root = shared_folder("TOONMIRROR_CONFORMANCE", "conformance");
    folder_ = root / "D-ffhq-align";
    if (root.empty() || !std::filesystem::exists(folder_ / "cases.json")) {
      GTEST_SKIP() << "TOONMIRROR_CONFORMANCE names no folder with D-ffhq-align/cases.json";
    }
    cases_ = json::parse(std::ifstream(folder_ / "cases.json"));
    ASSERT_FALSE(cases_.empty());
  }

  Landmarks landmarks_of(const json& c) const {
    const auto points =
        read_points(folder_ / "landmarks.safetensors", c.at("name").get<std::string>() + ".landmarks");
    Landmarks landmarks;
    EXPECT_EQ(points.size(), landmarks.size());
    std::copy_n(points.begin(), landmarks.size(), landmarks.begin());
    return landmarks;
  }

  std::filesystem::path folder_;
  json cases_;
};

TEST_F(ConformanceD, Quads) {
  for (const json& c : cases_) {
    const auto quad = quad_of(ffhq_square(landmarks_of(c)));
    const auto expected =
        read_points(folder_ / "quads.safetensors", c.at("name").get<std::string>() + ".quad");
    ASSERT_EQ(expected.size(), quad.size());
    for (size_t i = 0; i < quad.size(); ++i) {
      EXPECT_NEAR(quad[i].x, expected[i].x, 1e-6) << c.at("name");
      EXPECT_NEAR(quad[i].y, expected[i].y, 1e-6) << c.at("name");
    }
  }
}

TEST_F(ConformanceD, Matrices) {
  int matrices = 0;
  for (const json& c : cases_) {
    for (const auto& [key, matrix] : c.items()) {
      if (!key.starts_with("matrix")) continue;
      const Alignment alignment = align_ffhq(landmarks_of(c), std::stoi(key.substr(6)));
      for (int row = 0; row < 2; ++row) {
        for (int column = 0; column < 3; ++column) {
          EXPECT_NEAR(alignment.frame_from_crop(row, column), matrix.at(row).at(column).get<double>(), 1e-6)
              << c.at("name");
        }
      }
      ++matrices;
    }
  }
  EXPECT_GT(matrices, 0);
}

TEST_F(ConformanceD, Pictures) {
  int pictures = 0;
  for (const json& c : cases_) {
    const std::string name = c.at("name");
    const cv::Mat source = read_rgb(folder_ / (name + ".png"));
    ASSERT_FALSE(source.empty()) << name;
    for (const auto& [key, steps] : c.items()) {
      if (!key.starts_with("out")) continue;
      const int size_px = std::stoi(key.substr(3));
      const cv::Mat expected = read_rgb(folder_ / (name + ".aligned" + key.substr(3) + ".png"));
      ASSERT_EQ(expected.size(), cv::Size(size_px, size_px)) << name;
      // The two public pipelines: e4e warps at the output's size, FFHQ's at four times 1024.
      const cv::Mat crop =
          reference_crop(source, landmarks_of(c), size_px, size_px >= 1024 ? 4 * size_px : size_px);
      cv::Mat difference;
      cv::absdiff(crop, expected, difference);
      difference = difference.reshape(1);
      double largest = 0;
      cv::minMaxLoc(difference, nullptr, &largest);
      EXPECT_LE(cv::mean(difference)[0], 0.1) << name << key;
      EXPECT_LE(cv::countNonZero(difference > 3), 0.001 * static_cast<double>(difference.total()))
          << name << key;
      if (!steps.at("padded").get<bool>()) {
        EXPECT_LE(largest, 2) << name << key;
      }
      ++pictures;
    }
  }
  EXPECT_GT(pictures, 0);
}

TEST(ReferenceCrop, RefusesWhatItCannotCut) {
  const cv::Mat picture(120, 160, CV_8UC3, cv::Scalar::all(90));
  EXPECT_THROW(reference_crop(picture, face_at({5000, 5000}, 20), 64, 64), Error);
  EXPECT_THROW(reference_crop(picture, face_at({80, 60}, 1e9), 64, 64), Error);
  EXPECT_THROW(reference_crop(picture, face_at({80, 60}, 20), 0, 64), Error);
  EXPECT_THROW(reference_crop(picture, face_at({80, 60}, 20), 64, 100000), Error);
  EXPECT_THROW(reference_crop(cv::Mat(), face_at({80, 60}, 20), 64, 64), Error);
  Landmarks point;
  point.fill({10, 10});
  EXPECT_THROW(reference_crop(picture, point, 64, 64), Error);
}

TEST(ReferenceCrop, KeepsAFlatPictureFlat) {
  const cv::Mat picture(120, 160, CV_8UC3, cv::Scalar(40, 90, 200));
  for (const cv::Point2d& place : {cv::Point2d(80, 60), {10, 10}, {150, 110}}) {
    const cv::Mat crop = reference_crop(picture, face_at(place, 25), 96, 192);
    EXPECT_EQ(cv::norm(crop, cv::Mat(crop.size(), CV_8UC3, cv::Scalar(40, 90, 200)), cv::NORM_INF), 0);
  }
}

}  // namespace
}  // namespace toonmirror::face
