#include "nets/mesh_field.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "nets/face_mesh_points.h"
#include "nets/mesh_surface.h"

namespace toonmirror::nets {
namespace {

struct Point {
  float x = 0, y = 0, z = 0;
};
using Mesh = std::vector<Point>;

float cross(const Point& a, const Point& b, const Point& c) {
  return (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
}

Mesh vertices_of(const at::Tensor& mesh) {
  const at::Tensor numbers = mesh.to(at::kFloat).contiguous();
  const auto number = numbers.accessor<float, 2>();
  Mesh result(static_cast<size_t>(numbers.size(0)));
  for (int64_t i = 0; i < numbers.size(0); ++i) {
    result[static_cast<size_t>(i)] = {number[i][0], number[i][1], number[i][2]};
  }
  return result;
}

// What one picture is drawn into.
class Canvas {
 public:
  Canvas(float* grid, float* cover, float* parts, int64_t size)
      : grid_(grid),
        cover_(cover),
        parts_(parts),
        size_(size),
        depth_(static_cast<size_t>(size * size), -1e30F) {}

  int64_t size() const { return size_; }
  // A coordinate from -1 to 1 in pixels, and back.
  float pixels(float x) const { return (x + 1) * 0.5F * static_cast<float>(size_ - 1); }
  float place(int64_t pixel) const {
    return 2 * static_cast<float>(pixel) / static_cast<float>(size_ - 1) - 1;
  }
  // The pixels between two coordinates.
  std::pair<int64_t, int64_t> range(float low, float high) const {
    const auto bounded = [this](float x) {
      return static_cast<int64_t>(std::clamp(x, 0.0F, static_cast<float>(size_)));
    };
    return {bounded(std::ceil(pixels(low))), bounded(std::floor(pixels(high)) + 1)};
  }

  // Draws there unless something nearer has been; `source` is where from.
  bool draw(int64_t x, int64_t y, float depth, const Point& source, float cover) {
    const int64_t i = y * size_ + x;
    if (depth < depth_[static_cast<size_t>(i)]) return false;
    depth_[static_cast<size_t>(i)] = depth;
    grid_[2 * i] = source.x;
    grid_[2 * i + 1] = source.y;
    cover_[i] = cover;
    for (int64_t part = 0; part < kMeshParts; ++part) parts_[part * size_ * size_ + i] = 0;
    return true;
  }
  void mark(int64_t x, int64_t y, MeshPart part, float share = 1) {
    parts_[part * size_ * size_ + y * size_ + x] = share;
  }

 private:
  float *grid_, *cover_, *parts_;
  int64_t size_;
  std::vector<float> depth_;
};

// Share of the strip over which the face's motion runs out; nearer to the face are ears and hair, which go with it.
constexpr float kRunsOut = 0.75F;

float smooth(float t) { return t * t * (3 - 2 * t); }

void draw_surface(Canvas& canvas, const Mesh& source, const Mesh& wanted) {
  for (const MeshTriangle& corner : kSurface) {
    const Point &a = wanted[static_cast<size_t>(corner[0])], &b = wanted[static_cast<size_t>(corner[1])],
                &c = wanted[static_cast<size_t>(corner[2])];
    const float area = cross(a, b, c);
    if (area < 1e-9F) continue;  // seen from behind
    const Point &from_a = source[static_cast<size_t>(corner[0])],
                &from_b = source[static_cast<size_t>(corner[1])],
                &from_c = source[static_cast<size_t>(corner[2])];
    const bool strip =
        corner[0] >= kSurfacePoints || corner[1] >= kSurfacePoints || corner[2] >= kSurfacePoints;
    const bool unseen = !strip && cross(from_a, from_b, from_c) <= 0;
    const auto inside = [&](size_t i) { return corner[i] < kSurfacePoints ? 1.0F : 0.0F; };
    const auto [left, right] = canvas.range(std::min({a.x, b.x, c.x}), std::max({a.x, b.x, c.x}));
    const auto [top, bottom] = canvas.range(std::min({a.y, b.y, c.y}), std::max({a.y, b.y, c.y}));
    for (int64_t y = top; y < bottom; ++y) {
      for (int64_t x = left; x < right; ++x) {
        const Point p = {canvas.place(x), canvas.place(y), 0};
        const float v = cross(a, p, c) / area, w = cross(a, b, p) / area, u = 1 - v - w;
        if (u < 0 || v < 0 || w < 0) continue;
        const Point from = {u * from_a.x + v * from_b.x + w * from_c.x,
                            u * from_a.y + v * from_b.y + w * from_c.y, 0};
        // The strip lies behind all of the face.
        const float depth = u * a.z + v * b.z + w * c.z - (strip ? 100.0F : 0.0F);
        const float cover =
            strip ? smooth(std::min((u * inside(0) + v * inside(1) + w * inside(2)) / kRunsOut, 1.0F)) : 1.0F;
        if (canvas.draw(x, y, depth, from, cover) && unseen) canvas.mark(x, y, kUnseen);
      }
    }
  }
}

// Axes of an opening in the plane: from the middle between its corners, `along` to one of them, both axes half as
// long as the opening is wide.
struct Axes {
  Point middle, along, down;

  Axes(const Point& from, const Point& to) {
    middle = {(from.x + to.x) / 2, (from.y + to.y) / 2, (from.z + to.z) / 2};
    along = {(to.x - from.x) / 2, (to.y - from.y) / 2, 0};
    down = {-along.y, along.x, 0};
  }
  // (along, down, depth) of a point.
  Point within(const Point& p) const {
    const float x = p.x - middle.x, y = p.y - middle.y;
    const float scale = 1.0F / std::max(along.x * along.x + along.y * along.y, 1e-9F);
    return {(x * along.x + y * along.y) * scale, (x * down.x + y * down.y) * scale, p.z};
  }
  Point at(float u, float v) const {
    return {middle.x + u * along.x + v * down.x, middle.y + u * along.y + v * down.y, 0};
  }
};

// One edge of an opening, by its axes: how far down it lies at each place along.
class Edge {
 public:
  void add(const Point& p) { points_.push_back(p); }
  void close() {
    std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
  }
  float at(float u) const {
    if (u <= points_.front().x) return points_.front().y;
    for (size_t i = 1; i < points_.size(); ++i) {
      const Point &a = points_[i - 1], &b = points_[i];
      if (u <= b.x) return a.y + (b.y - a.y) * (u - a.x) / std::max(b.x - a.x, 1e-6F);
    }
    return points_.back().y;
  }

 private:
  std::vector<Point> points_;
};

// An opening of the face as it lies in one mesh.
struct Opening {
  Axes axes;
  Edge upper, lower;
  float left, right, top, bottom;  // the box around it, in the picture
  float depth;                     // of the nearest of its edge

  // `left_corner` and `right_corner` as the face has them, `above` and `below` without them.
  Opening(const Mesh& mesh, int64_t left_corner, int64_t right_corner, const std::vector<int64_t>& above,
          const std::vector<int64_t>& below)
      : axes(point(mesh, left_corner), point(mesh, right_corner)) {
    left = right = point(mesh, left_corner).x;
    top = bottom = point(mesh, left_corner).y;
    depth = -1e30F;
    const auto add = [&](Edge& edge, int64_t index) {
      const Point& p = point(mesh, index);
      edge.add(axes.within(p));
      left = std::min(left, p.x);
      right = std::max(right, p.x);
      top = std::min(top, p.y);
      bottom = std::max(bottom, p.y);
      depth = std::max(depth, p.z);
    };
    for (const int64_t corner : {left_corner, right_corner}) {
      add(upper, corner);
      add(lower, corner);
    }
    for (const int64_t index : above) add(upper, index);
    for (const int64_t index : below) add(lower, index);
    upper.close();
    lower.close();
  }
  static const Point& point(const Mesh& mesh, int64_t index) { return mesh[static_cast<size_t>(index)]; }
};

// Calls f(x, y, place in the opening) for the pixels of an opening that is seen from the front.
template <typename F>
void for_each_inside(const Canvas& canvas, const Opening& opening, const F& f) {
  if (opening.axes.along.x <= 0) return;
  const auto [left, right] = canvas.range(opening.left, opening.right);
  const auto [top, bottom] = canvas.range(opening.top, opening.bottom);
  for (int64_t y = top; y < bottom; ++y) {
    for (int64_t x = left; x < right; ++x) {
      const Point p = opening.axes.within({canvas.place(x), canvas.place(y), 0});
      if (p.x > -1 && p.x < 1 && p.y > opening.upper.at(p.x) && p.y < opening.lower.at(p.x)) f(x, y, p);
    }
  }
}

struct Eye {
  const Lids& lids;
  int64_t iris;
  bool outer_is_left;

  Opening opening(const Mesh& mesh) const {
    std::vector<int64_t> above, below;
    for (int64_t k = 1; k < kUpperLid; ++k) {
      below.push_back(lids[static_cast<size_t>(k)]);
      above.push_back(lids[static_cast<size_t>(k + kUpperLid)]);
    }
    const int64_t outer = lids[0], inner = lids[kInnerCorner];
    return {mesh, outer_is_left ? outer : inner, outer_is_left ? inner : outer, above, below};
  }
};

// The eyeball moves behind the lids: they do not carry it along, and what the source hides of it is
// continued by its nearest visible place.
void draw_eye(Canvas& canvas, const Mesh& source, const Mesh& wanted, const Eye& eye) {
  constexpr float kLashes = 0.04F;  // of half the eye's width: the edge of a lid is no eyeball
  const Opening from = eye.opening(source), to = eye.opening(wanted);
  const auto iris_of = [&](const Mesh& mesh, const Axes& axes) {
    return axes.within(mesh[static_cast<size_t>(eye.iris)]);
  };
  const Point iris = iris_of(wanted, to.axes), iris_from = iris_of(source, from.axes);
  float radius = 0;
  for (int64_t k = 1; k < kIrisPoints; ++k) {
    const Point border = to.axes.within(wanted[static_cast<size_t>(eye.iris + k)]);
    radius += std::hypot(border.x - iris.x, border.y - iris.y) / (kIrisPoints - 1);
  }
  for_each_inside(canvas, to, [&](int64_t x, int64_t y, const Point& p) {
    // All of the iris moves; towards the corners less and less does.
    const float away = std::abs(p.x - iris.x), room = p.x > iris.x ? 1 - iris.x : 1 + iris.x;
    const float share = 1 - std::clamp((away - radius) / std::max(room - radius, 1e-3F), 0.0F, 1.0F);
    const float u = std::clamp(p.x + share * (iris_from.x - iris.x), -0.97F, 0.97F);
    const float v = p.y + share * (iris_from.y - iris.y);
    const float upper = from.upper.at(u), lower = from.lower.at(u), middle = (upper + lower) / 2;
    const float seen = std::clamp(v, std::min(upper + kLashes, middle), std::max(lower - kLashes, middle));
    if (!canvas.draw(x, y, to.depth, from.axes.at(u, seen), 1)) return;
    canvas.mark(x, y, kEyes);
    if (std::hypot(p.x - iris.x, p.y - iris.y) < radius) canvas.mark(x, y, kIrises);
    if (std::abs(seen - v) > 2 * kLashes) canvas.mark(x, y, kUnseen);
  });
}

Opening mouth_of(const Mesh& mesh) {
  const size_t half = kInnerLips.size() / 2;
  const std::vector<int64_t> below(kInnerLips.begin() + 1, kInnerLips.begin() + static_cast<int64_t>(half)),
      above(kInnerLips.begin() + static_cast<int64_t>(half) + 1, kInnerLips.end());
  return {mesh, kInnerLips[0], kInnerLips[half], above, below};
}

// What the source shows behind its lips stays with the lip it lies at; between both more may open.
void draw_mouth(Canvas& canvas, const Mesh& source, const Mesh& wanted) {
  constexpr float kLipEdge = 0.05F;  // of half the mouth's width
  // Of half the mouth's width: lips that are hardly apart show no teeth.
  constexpr float kNoTeeth = 0.15F, kAllTeeth = 0.5F, kTeethHeight = 0.2F, kTongueFrom = 0.35F;
  const Opening from = mouth_of(source), to = mouth_of(wanted);
  const float apart =
      smooth(std::clamp((to.lower.at(0) - to.upper.at(0) - kNoTeeth) / (kAllTeeth - kNoTeeth), 0.0F, 1.0F));
  for_each_inside(canvas, to, [&](int64_t x, int64_t y, const Point& p) {
    const float from_upper = p.y - to.upper.at(p.x), from_lower = to.lower.at(p.x) - p.y;
    const float upper = from.upper.at(p.x), lower = from.lower.at(p.x);
    const float shown = std::max(lower - upper, 0.0F) / 2;
    float v = (upper + lower) / 2;
    if (from_upper < shown)
      v = upper + from_upper;
    else if (from_lower < shown)
      v = lower - from_lower;
    if (!canvas.draw(x, y, to.depth - 1e-3F, from.axes.at(p.x, v), 1)) return;
    canvas.mark(x, y, kMouth);
    const float corner = 1 - smooth(std::clamp((std::abs(p.x) - 0.5F) / 0.45F, 0.0F, 1.0F));
    const float teeth =
        1 - smooth(std::clamp((from_upper - 0.8F * kTeethHeight) / (0.4F * kTeethHeight), 0.0F, 1.0F));
    canvas.mark(x, y, kTeeth, teeth * corner * apart);
    const float deep = from_upper / std::max(from_upper + from_lower, 1e-6F);
    canvas.mark(x, y, kTongue,
                (1 - teeth) * corner * smooth(std::clamp((deep - kTongueFrom) / 0.5F, 0.0F, 1.0F)));
    if (shown < kLipEdge || (from_upper > shown && from_lower > shown)) canvas.mark(x, y, kUnseen);
  });
}

void draw_field(Canvas& canvas, const at::Tensor& source, const at::Tensor& wanted) {
  const Mesh from = vertices_of(surface_vertices(source)), to = vertices_of(surface_vertices(wanted));
  const Mesh from_points = vertices_of(source), to_points = vertices_of(wanted);
  draw_surface(canvas, from, to);
  draw_eye(canvas, from_points, to_points, {kLeftLids, kLeftIris, true});
  draw_eye(canvas, from_points, to_points, {kRightLids, kRightIris, false});
  draw_mouth(canvas, from_points, to_points);
}

}  // namespace

MeshField mesh_field(const at::Tensor& source, const at::Tensor& wanted, int64_t size_px) {
  const auto is_mesh = [](const at::Tensor& x) {
    return x.dim() == 3 && x.size(1) == kMeshPoints && x.size(2) == 3;
  };
  if (!is_mesh(source) || !is_mesh(wanted) || (source.size(0) != 1 && source.size(0) != wanted.size(0)) ||
      size_px < 2) {
    throw Error("mesh field: meshes have 478 points in depth, one source or as many as there are motions");
  }
  const int64_t count = wanted.size(0);
  const at::Tensor line = at::linspace(-1, 1, size_px);
  MeshField field;
  field.grid = at::stack({line.expand({size_px, size_px}), line.unsqueeze(1).expand({size_px, size_px})}, 2)
                   .expand({count, size_px, size_px, 2})
                   .contiguous();
  field.cover = at::zeros({count, 1, size_px, size_px});
  field.parts = at::zeros({count, kMeshParts, size_px, size_px});
  for (int64_t n = 0; n < count; ++n) {
    Canvas canvas(field.grid[n].data_ptr<float>(), field.cover[n].data_ptr<float>(),
                  field.parts[n].data_ptr<float>(), size_px);
    draw_field(canvas, source[source.size(0) == 1 ? 0 : n], wanted[n]);
  }
  return field;
}

}  // namespace toonmirror::nets
