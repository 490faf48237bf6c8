#include "training/turned_view.h"

#include <algorithm>
#include <cmath>

namespace toonmirror::training {
namespace {

// Weight of a point at distance d: front / (d² + kSoftness²)³. Narrower, and the picture tears between
// points; wider, and noses stay where they were.
constexpr float kSoftness = 0.05F;
// What stays where it was counts as much as a quarter of all points at this distance.
constexpr float kCalm = 0.8F;
constexpr float kDepthPull = 1.5F;  // how much more points count that lie nearer
constexpr size_t kStep = 2;         // every other point will do
constexpr int kRounds = 10;
constexpr float kPace = 0.7F;      // of the way to where a point seems to be; a whole one may swing
constexpr float kMissed = 0.012F;  // a point that lies farther from its pixel
constexpr size_t kMostHidden = 80;
constexpr int kAttempts = 3;
constexpr size_t kLeftEar = 234, kRightEar = 454;  // the sides of the face

MeshPoint middle_of(const MeshPoints& points) {
  MeshPoint sum{};
  for (const MeshPoint& point : points) {
    for (size_t axis = 0; axis < 3; ++axis) sum[axis] += point[axis];
  }
  for (float& value : sum) value /= static_cast<float>(points.size());
  return sum;
}

MeshPoints turned(const MeshPoints& points, const Turn& turn) {
  MeshPoint middle = middle_of(points);
  // About an axis between the ears, as heads do: what is around the face then stays where it is.
  middle[2] = (points[kLeftEar][2] + points[kRightEar][2]) / 2;
  const auto ax = static_cast<float>(std::cos(turn.axis_rad)),
             ay = static_cast<float>(std::sin(turn.axis_rad));
  const auto c = static_cast<float>(std::cos(turn.angle_rad)),
             s = static_cast<float>(std::sin(turn.angle_rad));
  const auto nearness = static_cast<float>(turn.nearness);
  MeshPoints result;
  for (size_t i = 0; i < points.size(); ++i) {
    const float x = points[i][0] - middle[0], y = points[i][1] - middle[1], z = points[i][2] - middle[2];
    const float along = ax * x + ay * y, across = ax * y - ay * x;
    const float moved = c * across - s * z, depth = s * across + c * z;
    const float scale = 1.0F + nearness * depth;
    result[i] = {middle[0] + scale * (ax * along - ay * moved), middle[1] + scale * (ay * along + ax * moved),
                 middle[2] + depth};
  }
  return result;
}

// The points of a mesh that a field is made of, as loops want them.
struct Anchors {
  std::vector<float> x, y, dx, dy, front;

  Anchors(const MeshPoints& before, const MeshPoints& after) {
    const MeshPoint middle = middle_of(after);
    for (size_t i = 0; i < after.size(); i += kStep) {
      x.push_back(after[i][0]);
      y.push_back(after[i][1]);
      dx.push_back(before[i][0] - after[i][0]);
      dy.push_back(before[i][1] - after[i][1]);
      front.push_back(std::exp(kDepthPull * (after[i][2] - middle[2])));
    }
  }

  std::array<float, 2> shift_at(float px, float py) const {
    float sum = 0, sum_x = 0, sum_y = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const float ux = x[i] - px, uy = y[i] - py;
      const float near = ux * ux + uy * uy + kSoftness * kSoftness;
      const float weight = front[i] / (near * near * near);
      sum += weight;
      sum_x += weight * dx[i];
      sum_y += weight * dy[i];
    }
    constexpr float kFar = kCalm * kCalm;
    const float all = sum + static_cast<float>(x.size()) * 0.25F / (kFar * kFar * kFar);
    return {sum_x / all, sum_y / all};
  }
};

WarpField field_of(const MeshPoints& before, const MeshPoints& after) {
  const Anchors anchors(before, after);
  WarpField field;
  for (int row = 0; row < WarpField::kNodes; ++row) {
    for (int column = 0; column < WarpField::kNodes; ++column) {
      field.at(column, row) = anchors.shift_at(WarpField::node(column), WarpField::node(row));
    }
  }
  return field;
}

// Moves the points to where the field takes the pixels they lay on: p + field(p) = where they were. Where
// there is no such place the point lies behind another one: it is hidden, and stays where it is. Returns
// how many.
size_t settle(const MeshPoints& before, MeshPoints& after, TurnedView& view) {
  size_t count = 0;
  for (size_t i = 0; i < after.size(); ++i) {
    float x = after[i][0], y = after[i][1], miss_x = 0, miss_y = 0;
    for (int round = 0; round < kRounds; ++round) {
      const auto [dx, dy] = view.field(x, y);
      miss_x = before[i][0] - dx - x;
      miss_y = before[i][1] - dy - y;
      x += kPace * miss_x;
      y += kPace * miss_y;
    }
    view.hidden[i] = std::abs(miss_x) + std::abs(miss_y) > kMissed;
    if (view.hidden[i]) {
      ++count;
    } else {
      after[i][0] = x;
      after[i][1] = y;
    }
  }
  return count;
}

}  // namespace

std::array<float, 2> WarpField::operator()(float x, float y) const {
  constexpr float kLast = kNodes - 1;
  const float u = std::clamp((x / kEdge + 1.0F) * (kLast / 2), 0.0F, kLast - 0.001F);
  const float v = std::clamp((y / kEdge + 1.0F) * (kLast / 2), 0.0F, kLast - 0.001F);
  const auto column = static_cast<size_t>(u), row = static_cast<size_t>(v);
  const float a = u - static_cast<float>(column), b = v - static_cast<float>(row);
  const std::array<float, 2>* upper = &shifts_[row * kNodes + column];
  const std::array<float, 2>* lower = upper + kNodes;
  std::array<float, 2> result;
  for (size_t axis = 0; axis < 2; ++axis) {
    const float above = upper[0][axis] + a * (upper[1][axis] - upper[0][axis]);
    const float below = lower[0][axis] + a * (lower[1][axis] - lower[0][axis]);
    result[axis] = above + b * (below - above);
  }
  return result;
}

TurnedView turn_view(MeshPoints& points, const Turn& turn) {
  Turn smaller = turn;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    MeshPoints after = turned(points, smaller);
    TurnedView view{field_of(points, after), {}};
    if (settle(points, after, view) <= kMostHidden) {
      points = after;
      return view;
    }
    smaller.angle_rad *= 0.7;
    smaller.nearness *= 0.7;
  }
  return {};
}

}  // namespace toonmirror::training
