#include "nets/driving_motion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "checkpoint/safetensors.h"
#include "support/conformance.h"

namespace toonmirror::nets {
namespace {

constexpr double kPi = 3.14159265358979323846;

KeyPoints random_key_points(int64_t n, int64_t k, bool jacobians = true) {
  KeyPoints result = {at::rand({n, k, 2}) * 2.0 - 1.0, {}};
  if (jacobians) result.jacobian = at::eye(2) + 0.3 * at::randn({n, k, 2, 2});
  return result;
}

std::vector<Point> random_points(size_t count) {
  std::vector<Point> result(count);
  const at::Tensor numbers = at::randn({static_cast<int64_t>(count), 2}, at::kDouble);
  for (size_t i = 0; i < count; ++i) {
    result[i] = {numbers.data_ptr<double>()[2 * i], numbers.data_ptr<double>()[2 * i + 1]};
  }
  return result;
}

// Turned by an angle, then multiplied, then moved.
std::vector<Point> similar(const std::vector<Point>& points, double angle, double scale, Point offset) {
  std::vector<Point> result;
  for (const auto& [x, y] : points) {
    result.push_back({scale * (std::cos(angle) * x - std::sin(angle) * y) + offset[0],
                      scale * (std::sin(angle) * x + std::cos(angle) * y) + offset[1]});
  }
  return result;
}

TEST(NormalizeKeyPoints, AbsoluteMotionIsTheDrivingItself) {
  torch::manual_seed(1);
  const KeyPoints source = random_key_points(1, 10), initial = random_key_points(1, 10),
                  driving = random_key_points(3, 10);
  const KeyPoints result = normalize_key_points(source, driving, initial, {.relative = false});
  EXPECT_TRUE(at::equal(result.value, driving.value));
  EXPECT_TRUE(at::equal(result.jacobian, driving.jacobian));
}

TEST(NormalizeKeyPoints, NoRelativeMotionIsExactlyTheSource) {
  torch::manual_seed(2);
  for (int repetition = 0; repetition < 100; ++repetition) {
    const KeyPoints source = random_key_points(1, 10), driving = random_key_points(1, 10);
    const KeyPoints result = normalize_key_points(source, driving, driving, {});
    EXPECT_TRUE(at::equal(result.value, source.value));
    EXPECT_TRUE(at::equal(result.jacobian, source.jacobian));
  }
}

TEST(NormalizeKeyPoints, RelativeMotionFollowsTheSizeOfTheSource) {
  torch::manual_seed(3);
  const KeyPoints source = random_key_points(1, 10, /*jacobians=*/false);
  const KeyPoints initial = {source.value * 0.5 + 0.1, {}};  // the same face, half as large
  const KeyPoints driving = {initial.value + 0.2, {}};
  const KeyPoints adapted = normalize_key_points(source, driving, initial, {});
  const KeyPoints plain = normalize_key_points(source, driving, initial, {.adapt_scale = false});
  EXPECT_TRUE(at::allclose(adapted.value, source.value + 0.4, 1e-5, 1e-5));
  EXPECT_TRUE(at::allclose(plain.value, source.value + 0.2, 1e-5, 1e-5));
  EXPECT_FALSE(adapted.jacobian.defined());
}

TEST(NormalizeKeyPoints, JacobiansOfTheDrivingWhereTheyAreNotRelative) {
  torch::manual_seed(4);
  const KeyPoints source = random_key_points(1, 10), initial = random_key_points(1, 10),
                  driving = random_key_points(2, 10);
  const KeyPoints result = normalize_key_points(source, driving, initial, {.relative_jacobian = false});
  EXPECT_TRUE(at::equal(result.jacobian, driving.jacobian));
  EXPECT_FALSE(at::allclose(result.value, driving.value));
}

TEST(NormalizeKeyPoints, FacesWithoutAreaAreNotScaled) {
  const KeyPoints line = {at::tensor({0.0F, 0.0F, 0.5F, 0.5F, 1.0F, 1.0F}).view({1, 3, 2}), {}};
  torch::manual_seed(5);
  EXPECT_EQ(movement_scale(line, random_key_points(1, 3)), 1.0);
  EXPECT_EQ(movement_scale(random_key_points(1, 3), line), 1.0);
}

TEST(HullArea, OfARectangleWithPointsInside) {
  std::vector<Point> points = {{0, 0}, {3, 0}, {3, 2}, {0, 2}, {1, 1}, {0.5, 1.5}, {3, 1}, {0, 0}};
  EXPECT_DOUBLE_EQ(hull_area(points), 6.0);
}

TEST(HullArea, OfACircle) {
  std::vector<Point> points;
  for (int i = 0; i < 1000; ++i) points.push_back({std::cos(0.002 * kPi * i), std::sin(0.002 * kPi * i)});
  EXPECT_NEAR(hull_area(points), kPi, 1e-4);
}

TEST(HullArea, GrowsWithTheSquareAndIgnoresTurns) {
  torch::manual_seed(6);
  for (int repetition = 0; repetition < 100; ++repetition) {
    const std::vector<Point> points = random_points(20);
    const double area = hull_area(points);
    EXPECT_NEAR(hull_area(similar(points, 0.1 * repetition, 3.0, {5.0, -2.0})), 9.0 * area, 1e-9 * area);
  }
}

TEST(HullArea, IsZeroForWhatHasNone) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(hull_area(std::vector<Point>{}), 0.0);
  EXPECT_EQ(hull_area(std::vector<Point>{{1, 2}, {3, 4}}), 0.0);
  EXPECT_EQ(hull_area(std::vector<Point>{{1, 1}, {2, 2}, {3, 3}, {4, 4}}), 0.0);
  EXPECT_EQ(hull_area(std::vector<Point>(68, {5, 5})), 0.0);
  EXPECT_EQ(hull_area(std::vector<Point>{{0, 0}, {1, 0}, {kNan, 1}}), 0.0);
}

TEST(FindBestFrame, IgnoresPositionAndSizeButNotTurns) {
  torch::manual_seed(7);
  const std::vector<Point> source = random_points(68);
  const std::vector<std::vector<Point>> driving = {random_points(68), similar(source, 0.3, 1.0, {0, 0}),
                                                   similar(source, 0.0, 7.0, {100, -40}), random_points(68)};
  const auto best = find_best_frame(source, driving);
  ASSERT_TRUE(best);
  EXPECT_EQ(best->frame, 2U);
  EXPECT_LT(best->distance, 1e-20);
}

TEST(FindBestFrame, TakesTheFirstOfEquals) {
  torch::manual_seed(8);
  const std::vector<Point> source = random_points(68), other = random_points(68);
  const auto best = find_best_frame(source, std::vector{random_points(68), source, other, source});
  ASSERT_TRUE(best);
  EXPECT_EQ(best->frame, 1U);
}

TEST(FindBestFrame, PassesOverFramesWithoutAFace) {
  torch::manual_seed(9);
  const std::vector<Point> source = random_points(68), nothing, collapsed(68, Point{1.0, 1.0});
  const auto best = find_best_frame(source, std::vector{nothing, collapsed, random_points(68)});
  ASSERT_TRUE(best);
  EXPECT_EQ(best->frame, 2U);
  EXPECT_FALSE(find_best_frame(source, std::vector{nothing, collapsed}));
  EXPECT_FALSE(find_best_frame(source, {}));
  EXPECT_FALSE(find_best_frame(nothing, std::vector<std::vector<Point>>{source}));
}

// Conformance case E.
class DrivingMath {
 public:
  explicit DrivingMath(const std::filesystem::path& file) : file_(file) {}

  bool contains(const std::string& name) const { return file_.contains(name); }
  at::Tensor tensor(const std::string& name) const { return file_.tensor(name); }
  KeyPoints key_points(const std::string& name) const {
    KeyPoints result = {file_.tensor(name + ".value"), {}};
    if (file_.contains(name + ".jacobian")) result.jacobian = file_.tensor(name + ".jacobian");
    return result;
  }
  static std::vector<Point> points(const at::Tensor& tensor) {
    const at::Tensor numbers = tensor.to(at::kDouble).contiguous();
    std::vector<Point> result;
    for (int64_t i = 0; i < numbers.size(0); ++i) {
      result.push_back({numbers.data_ptr<double>()[2 * i], numbers.data_ptr<double>()[2 * i + 1]});
    }
    return result;
  }

 private:
  checkpoint::SafetensorsFile file_;
};

std::vector<DrivingMath> driving_cases() {
  std::vector<DrivingMath> result;
  for (const auto& folder : testing::conformance_cases("E-driving-math")) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".safetensors") result.emplace_back(entry.path());
    }
  }
  return result;
}

TEST(Conformance, NormalizeKeyPoints) {
  const std::vector<DrivingMath> cases = driving_cases();
  if (cases.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  double largest = 0.0;
  for (const DrivingMath& math : cases) {
    for (int i = 0; math.contains("case" + std::to_string(i) + ".kp_source.value"); ++i) {
      const std::string name = "case" + std::to_string(i);
      const KeyPoints source = math.key_points(name + ".kp_source"),
                      initial = math.key_points(name + ".kp_initial"),
                      driving = math.key_points(name + ".kp_driving");
      for (const auto& [who, area] : {std::pair{&source, "source"}, {&initial, "initial"}}) {
        const double expected = math.tensor(name + ".hull_area_" + area).item<double>();
        EXPECT_NEAR(hull_area(DrivingMath::points(who->value[0])), expected, 1e-9 * expected) << name;
      }
      for (int mode = 0; mode < 8; ++mode) {
        const DrivingOptions options = {.relative = (mode & 4) != 0,
                                        .relative_jacobian = (mode & 1) != 0,
                                        .adapt_scale = (mode & 2) != 0};
        const std::string out = name + ".out.rel" + std::to_string(mode >> 2) + "_adapt" +
                                std::to_string((mode >> 1) & 1) + "_jac" + std::to_string(mode & 1);
        ASSERT_TRUE(math.contains(out + ".value")) << out;
        const KeyPoints expected = math.key_points(out);
        const KeyPoints result = normalize_key_points(source, driving, initial, options);
        const double value = (result.value - expected.value).abs().max().item<double>();
        EXPECT_LT(value, 1e-5) << out;
        largest = std::max(largest, value);
        ASSERT_EQ(result.jacobian.defined(), expected.jacobian.defined()) << out;
        if (!expected.jacobian.defined()) continue;
        const double jacobian = (result.jacobian - expected.jacobian).abs().max().item<double>();
        EXPECT_LT(jacobian, 1e-5) << out;
        largest = std::max(largest, jacobian);
      }
    }
  }
  std::ostringstream text;
  text << largest;
  RecordProperty("largest", text.str());
}

TEST(Conformance, FindBestFrame) {
  const std::vector<DrivingMath> cases = driving_cases();
  if (cases.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  for (const DrivingMath& math : cases) {
    for (int i = 0; math.contains("best" + std::to_string(i) + ".frame"); ++i) {
      const std::string name = "best" + std::to_string(i);
      const std::vector<Point> source = DrivingMath::points(math.tensor(name + ".source_landmarks"));
      const at::Tensor frames = math.tensor(name + ".driving_landmarks");
      const at::Tensor distances = math.tensor(name + ".distances");
      std::vector<std::vector<Point>> driving;
      for (int64_t frame = 0; frame < frames.size(0); ++frame) {
        driving.push_back(DrivingMath::points(frames[frame]));
        EXPECT_NEAR(pose_distance(*normalized_landmarks(source), *normalized_landmarks(driving.back())),
                    distances[frame].item<double>(), 1e-9)
            << name << " frame " << frame;
      }
      const auto best = find_best_frame(source, driving);
      ASSERT_TRUE(best) << name;
      EXPECT_EQ(static_cast<int64_t>(best->frame), math.tensor(name + ".frame").item<int64_t>()) << name;
      EXPECT_NEAR(best->distance, distances.min().item<double>(), 1e-9) << name;
    }
  }
}

}  // namespace
}  // namespace toonmirror::nets
