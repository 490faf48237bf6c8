// From the key points of a driving frame to those that the source shall take: normalize_kp (animate.py) and
// find_best_frame (demo.py) of AliaksandrSiarohin/first-order-model; Siarohin et al. 2019, section 3.3.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "nets/key_points.h"
#include "nets/mesh_transfer.h"

namespace toonmirror::nets {

using Point = std::array<double, 2>;  // x, y

struct DrivingOptions {
  // The source moves as the driving moved since its initial frame; otherwise it takes the driving's key
  // points as they are, with the shape of that face.
  bool relative = true;
  bool relative_jacobian = true;  // the same for jacobians, when relative
  // Relative motion is multiplied by how much larger the source's face is than the initial one.
  bool adapt_scale = true;
  // Of relative motion, where key points have meshes.
  MotionStrengths strengths{};
};

// What render is to be given for `driving`, [N, K, 2] (and [N, K, 2, 2]). `source` and `initial` are key
// points of one picture; `initial` is the driving's in the pose that fits the source's best. A relative
// motion from `initial` to itself gives the source's key points exactly. Jacobians are left out where one of
// the three has none. Where they have meshes, these move by transfer_motion(), and the other key points, which
// stand for hair, shoulders and background, rest where the source has them: those of `driving` and `initial` are not
// looked at and may be undefined.
KeyPoints normalize_key_points(const KeyPoints& source, const KeyPoints& driving, const KeyPoints& initial,
                               const DrivingOptions& options);

// √(area of the source's hull / area of the other's); 1 where one of them has none. Key points of one picture
// each.
double movement_scale(const KeyPoints& source, const KeyPoints& initial);

// The area of the convex hull; 0 for fewer than three points, points on a line, or anything not finite.
double hull_area(std::span<const Point> points);

// Landmarks without position and size, to compare poses and expressions: centred, divided by the root of the
// area of their hull. Nothing where there is no area.
std::optional<std::vector<Point>> normalized_landmarks(std::span<const Point> landmarks);

// Sum of the squared distances of points with the same index; both have equally many.
double pose_distance(std::span<const Point> a, std::span<const Point> b);

struct BestFrame {
  size_t frame;
  double distance;  // pose_distance of the normalised landmarks
};

// The driving frame whose normalised landmarks are closest to the source's, the first of equals; its key
// points are the ones to start from. `driving` holds landmarks frame by frame, empty where no face was found.
// Nothing where no frame, or the source, can be compared. The reference then animates forwards and backwards
// from that frame, each run beginning with it; as a frame depends on the initial one alone, going through the
// video once gives the same.
std::optional<BestFrame> find_best_frame(std::span<const Point> source,
                                         std::span<const std::vector<Point>> driving);

}  // namespace toonmirror::nets
