#include "toon/drawing_size.h"

#include <cmath>

namespace toonmirror::toon {
namespace {

constexpr int kLargest_px = 1024;

int smallest_of_at_least(double side_px) {
  int size_px = DrawingSizes::kSmallest_px;
  while (size_px < side_px && size_px < kLargest_px) size_px *= 2;
  return size_px;
}

}  // namespace

std::vector<int> DrawingSizes::choose(const std::vector<face::Face>& faces) {
  if (wanted_px_ != kAuto) return std::vector<int>(faces.size(), wanted_px_);
  constexpr double kClearlyMore = 1.125, kClearlyLess = 0.875;
  std::vector<int> result;
  std::map<int, int> present;
  for (const face::Face& face : faces) {
    const double side_px = 2 * std::hypot(face.square.right.x, face.square.right.y);
    int size_px = smallest_of_at_least(side_px);
    const auto before = of_track_.find(face.track_id);
    if (face.track_id >= 0 && before != of_track_.end()) {
      const int now = before->second;
      if (size_px > now && side_px < kClearlyMore * now) size_px = now;
      if (size_px < now && side_px > kClearlyLess * size_px) size_px = now;
    }
    present[face.track_id] = size_px;
    result.push_back(size_px);
  }
  of_track_ = std::move(present);
  return result;
}

}  // namespace toonmirror::toon
