#include "teachers/relief.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

constexpr int kGrid_px = 128;  // side of the grid that the mesh is drawn into
constexpr float kSteepest = 1.8f;

// Heights at the three corners, linear inside, wherever a grid point lies in the triangle.
void fill_triangle(const std::array<cv::Point3f, 3>& corner, cv::Mat& height, cv::Mat& known) {
  const auto [a, b, c] = corner;
  const float area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
  if (std::abs(area) < 1e-6f) return;
  const auto bounded = [](float value, int most) { return std::clamp(static_cast<int>(value), 0, most); };
  const int left = bounded(std::ceil(std::min({a.x, b.x, c.x})), height.cols);
  const int right = bounded(std::floor(std::max({a.x, b.x, c.x})) + 1, height.cols);
  const int top = bounded(std::ceil(std::min({a.y, b.y, c.y})), height.rows);
  const int bottom = bounded(std::floor(std::max({a.y, b.y, c.y})) + 1, height.rows);
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      const auto px = static_cast<float>(x), py = static_cast<float>(y);
      const float u = ((px - a.x) * (c.y - a.y) - (c.x - a.x) * (py - a.y)) / area;
      const float v = ((b.x - a.x) * (py - a.y) - (px - a.x) * (b.y - a.y)) / area;
      if (u < 0 || v < 0 || u + v > 1) continue;
      height.at<float>(y, x) = a.z + u * (b.z - a.z) + v * (c.z - a.z);
      known.at<float>(y, x) = 1;
    }
  }
}

// Fills what is not known from the nearest that is, in wider and wider steps.
void carry_on(cv::Mat& height, cv::Mat known) {
  constexpr float kSure = 0.5f, kNear = 0.02f;
  for (const double sigma : {2.0, 4.0, 8.0, 16.0, 32.0}) {
    cv::Mat weight, sum;
    cv::GaussianBlur(known, weight, {}, sigma);
    cv::GaussianBlur(height.mul(known), sum, {}, sigma);
    for (int y = 0; y < height.rows; ++y) {
      for (int x = 0; x < height.cols; ++x) {
        if (known.at<float>(y, x) > kSure || weight.at<float>(y, x) < kNear) continue;
        height.at<float>(y, x) = sum.at<float>(y, x) / weight.at<float>(y, x);
        known.at<float>(y, x) = 1;
      }
    }
  }
}

}  // namespace

Relief relief_of(const std::vector<cv::Point3d>& mesh, const cv::Size& size) {
  if (mesh.size() < 3) throw Error("a face mesh of fewer than three points");
  const double scale = static_cast<double>(kGrid_px) / size.width;
  const int rows = std::max(cvRound(size.height * scale), 1);
  constexpr float kFar = 1e4f;
  cv::Subdiv2D triangles(cv::Rect(-20000, -20000, 40000, 40000));
  std::vector<float> heights(mesh.size() + 4, 0.0f);  // four corners are the triangulation's own
  for (const cv::Point3d& p : mesh) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y) || !std::isfinite(p.z)) {
      throw Error("a face mesh with a point that is not finite");
    }
    const cv::Point2f at(static_cast<float>(std::clamp((p.x + 0.5) * scale - 0.5, -1.0 * kFar, 1.0 * kFar)),
                         static_cast<float>(std::clamp((p.y + 0.5) * scale - 0.5, -1.0 * kFar, 1.0 * kFar)));
    const auto vertex = static_cast<size_t>(triangles.insert(at));
    if (vertex >= heights.size()) heights.resize(vertex + 1);
    heights[vertex] = static_cast<float>(p.z * scale);
  }
  Relief relief{cv::Mat::zeros(rows, kGrid_px, CV_32F), cv::Mat::zeros(rows, kGrid_px, CV_32F)};
  std::vector<int> leading;
  triangles.getLeadingEdgeList(leading);
  for (int edge : leading) {
    std::array<cv::Point3f, 3> corner;
    bool inside = true;
    for (cv::Point3f& c : corner) {
      cv::Point2f point;
      const int vertex = triangles.edgeOrg(edge, &point);
      inside = inside && vertex >= 4;
      c = {point.x, point.y, heights[static_cast<size_t>(std::max(vertex, 0))]};
      edge = triangles.getEdge(edge, cv::Subdiv2D::NEXT_AROUND_LEFT);
    }
    if (inside) fill_triangle(corner, relief.height, relief.share);
  }
  carry_on(relief.height, relief.share.clone());
  cv::GaussianBlur(relief.height, relief.height, {}, 1.2);
  cv::GaussianBlur(relief.share, relief.share, {}, 3.0);
  cv::resize(relief.height / scale, relief.height, size, 0, 0, cv::INTER_CUBIC);
  cv::resize(relief.share, relief.share, size, 0, 0, cv::INTER_LINEAR);
  return relief;
}

cv::Mat normals_of(const cv::Mat& height, double steepness) {
  cv::Mat dx, dy, normals(height.size(), CV_32FC3);
  cv::Sobel(height, dx, CV_32F, 1, 0, 3, steepness / 8);
  cv::Sobel(height, dy, CV_32F, 0, 1, 3, steepness / 8);
  for (int y = 0; y < height.rows; ++y) {
    for (int x = 0; x < height.cols; ++x) {
      float u = dx.at<float>(y, x), v = dy.at<float>(y, x);
      const float slope = std::hypot(u, v);
      if (slope > 1e-6f) {
        const float drawn = kSteepest * std::tanh(slope / kSteepest) / slope;
        u *= drawn;
        v *= drawn;
      }
      const float length = std::sqrt(u * u + v * v + 1);
      normals.at<cv::Vec3f>(y, x) = {-u / length, -v / length, 1 / length};
    }
  }
  return normals;
}

cv::Mat dome(const cv::Mat& mask, double width_px) {
  cv::Mat distance;
  // A border of the mask at the border of the picture is none of the form's.
  cv::Mat inside = mask > 0.5;
  cv::distanceTransform(inside, distance, cv::DIST_L2, cv::DIST_MASK_5);
  for (float& d : cv::Mat_<float>(distance)) {
    const double left = 1.0 - std::min(d / width_px, 1.0);
    d = static_cast<float>(std::sqrt(1.0 - left * left) * width_px);
  }
  return soft(distance, 0.12 * width_px);
}

cv::Mat mixed_normals(const cv::Mat& a, const cv::Mat& b, const cv::Mat& share) {
  cv::Mat result(a.size(), CV_32FC3);
  for (int y = 0; y < a.rows; ++y) {
    for (int x = 0; x < a.cols; ++x) {
      const float s = share.at<float>(y, x);
      const cv::Vec3f n = a.at<cv::Vec3f>(y, x) * (1 - s) + b.at<cv::Vec3f>(y, x) * s;
      result.at<cv::Vec3f>(y, x) = n / std::max(static_cast<float>(cv::norm(n)), 1e-6f);
    }
  }
  return result;
}

}  // namespace toonmirror::teachers
