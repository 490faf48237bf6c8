#include "nets/driving_motion.h"

#include <algorithm>
#include <cmath>

namespace toonmirror::nets {
namespace {

// Twice the area of the triangle o, a, b; positive where it turns left.
double cross(const Point& o, const Point& a, const Point& b) {
  return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
}

// One half of the hull: of points in order, those at which every step turns left.
template <typename Iterator>
void append_chain(Iterator begin, Iterator end, std::vector<Point>& hull) {
  const size_t start = hull.size();
  for (Iterator point = begin; point != end; ++point) {
    while (hull.size() >= start + 2 && cross(hull[hull.size() - 2], hull.back(), *point) <= 0)
      hull.pop_back();
    hull.push_back(*point);
  }
  hull.pop_back();  // the other half begins with it
}

double hull_area_of(const at::Tensor& values) {  // [1, K, 2]
  const at::Tensor numbers = values[0].to(at::kCPU, at::kDouble).contiguous();
  std::vector<Point> points(static_cast<size_t>(numbers.size(0)));
  const double* coordinate = numbers.data_ptr<double>();
  for (Point& point : points) {
    point = {coordinate[0], coordinate[1]};
    coordinate += 2;
  }
  return hull_area(points);
}

}  // namespace

double hull_area(std::span<const Point> points) {
  const auto finite = [](const Point& point) { return std::isfinite(point[0]) && std::isfinite(point[1]); };
  if (points.size() < 3 || !std::all_of(points.begin(), points.end(), finite)) return 0.0;
  std::vector<Point> sorted(points.begin(), points.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<Point> hull;  // Andrew's monotone chain
  append_chain(sorted.begin(), sorted.end(), hull);
  append_chain(sorted.rbegin(), sorted.rend(), hull);
  double twice = 0.0;
  for (size_t i = 2; i < hull.size(); ++i) twice += cross(hull[0], hull[i - 1], hull[i]);
  return 0.5 * twice;
}

double movement_scale(const KeyPoints& source, const KeyPoints& initial) {
  const double source_area = hull_area_of(source.value), initial_area = hull_area_of(initial.value);
  return source_area > 0.0 && initial_area > 0.0 ? std::sqrt(source_area) / std::sqrt(initial_area) : 1.0;
}

KeyPoints normalize_key_points(const KeyPoints& source, const KeyPoints& driving, const KeyPoints& initial,
                               const DrivingOptions& options) {
  if (!options.relative) return driving;
  if (driving.mesh.defined()) {
    std::vector<at::Tensor> meshes;
    for (const at::Tensor& mesh : driving.mesh.unbind(0)) {
      meshes.push_back(transfer_motion(source.mesh[0], mesh, initial.mesh[0], options.strengths));
    }
    const auto at_rest = [&](const at::Tensor& x) {
      std::vector<int64_t> sizes(static_cast<size_t>(x.dim()), -1);
      sizes[0] = driving.mesh.size(0);
      return x.defined() ? x.expand(sizes) : x;
    };
    return {at_rest(source.value), at_rest(source.jacobian), at::stack(meshes)};
  }
  KeyPoints result = driving;
  const double scale = options.adapt_scale ? movement_scale(source, initial) : 1.0;
  result.value = (driving.value - initial.value) * scale + source.value;
  if (!options.relative_jacobian || !driving.jacobian.defined()) return result;
  result.jacobian.reset();
  if (source.jacobian.defined() && initial.jacobian.defined()) {
    // In double, so that J · J⁻¹ · S rounds to S.
    const at::Tensor change = at::matmul(driving.jacobian.to(at::kDouble), inverse_2x2(initial.jacobian));
    result.jacobian = at::matmul(change, source.jacobian.to(at::kDouble)).to(driving.jacobian.scalar_type());
  }
  return result;
}

std::optional<std::vector<Point>> normalized_landmarks(std::span<const Point> landmarks) {
  const double area = hull_area(landmarks);
  if (!(area > 0.0)) return std::nullopt;
  Point centre = {0.0, 0.0};
  for (const Point& point : landmarks) centre = {centre[0] + point[0], centre[1] + point[1]};
  const auto count = static_cast<double>(landmarks.size());
  centre = {centre[0] / count, centre[1] / count};
  const double size = std::sqrt(area);
  std::vector<Point> result;
  result.reserve(landmarks.size());
  for (const Point& point : landmarks) {
    result.push_back({(point[0] - centre[0]) / size, (point[1] - centre[1]) / size});
  }
  return result;
}

double pose_distance(std::span<const Point> a, std::span<const Point> b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i][0] - b[i][0], y = a[i][1] - b[i][1];
    sum += x * x + y * y;
  }
  return sum;
}

std::optional<BestFrame> find_best_frame(std::span<const Point> source,
                                         std::span<const std::vector<Point>> driving) {
  const auto wanted = normalized_landmarks(source);
  if (!wanted) return std::nullopt;
  std::optional<BestFrame> best;
  for (size_t i = 0; i < driving.size(); ++i) {
    const auto found = normalized_landmarks(driving[i]);
    if (!found || found->size() != wanted->size()) continue;
    const double distance = pose_distance(*wanted, *found);
    if (!best || distance < best->distance) best = BestFrame{i, distance};
  }
  return best;
}

}  // namespace toonmirror::nets
