#include "toon/scene_manners.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <mutex>
#include <opencv2/imgproc.hpp>
#include <tuple>
#include <vector>

#include "teachers/filters.h"
#include "teachers/lines.h"

namespace toonmirror::toon {
namespace {

using teachers::mix;
using teachers::smooth_step;
using teachers::soft;

// --- textures, fixed to the frame ---

enum class Texture { kPaper, kHatch, kCrossHatch, kBristles };

cv::Mat make_texture(Texture texture, const cv::Size& size) {
  constexpr uint64_t kSeed = 11;
  constexpr int kStroke_px = 14;
  const auto hatched = [&size](uint64_t seed, double degrees) {
    return teachers::normalised(teachers::averaged_along(teachers::uniform_flow(size, degrees),
                                                         teachers::noise(size, seed), kStroke_px));
  };
  switch (texture) {
    case Texture::kPaper:
      return teachers::paper(std::max(size.width, size.height), kSeed, 0.028, 2.0)(cv::Rect({}, size))
          .clone();
    case Texture::kHatch:
      return hatched(kSeed + 1, 52);
    case Texture::kCrossHatch:
      return hatched(kSeed + 2, 20);
    case Texture::kBristles:
      return teachers::noise(size, kSeed + 3);
  }
  return {};
}

// The same numbers for the same size, computed once: they cost more than a picture.
cv::Mat texture_of(Texture texture, const cv::Size& size) {
  static std::mutex mutex;
  static std::map<std::tuple<Texture, int, int>, cv::Mat> known;
  constexpr size_t kMost = 12;  // several sizes of several clips
  const std::lock_guard lock(mutex);
  const std::tuple key(texture, size.width, size.height);
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  if (known.size() >= kMost) known.clear();
  return known[key] = make_texture(texture, size);
}

// --- what manners have in common ---

cv::Mat halved(const cv::Mat& picture) {
  cv::Mat half;
  cv::resize(picture, half, {picture.cols / 2, picture.rows / 2}, 0, 0, cv::INTER_AREA);
  return half;
}

cv::Mat doubled(const cv::Mat& picture, const cv::Size& size) {
  cv::Mat large;
  cv::resize(picture, large, size, 0, 0, cv::INTER_LINEAR);
  return large;
}

cv::Mat grey_of(const cv::Mat& rgb) {  // CV_32FC1 0 … 1
  cv::Mat grey;
  cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
  grey.convertTo(grey, CV_32F, 1.0 / 255);
  return grey;
}

// Areas without their texture, borders kept: a guided filter (He, Sun, Tang 2010) with the lightness as
// guide, fitted at half size. CV_32FC3 0 … 1.
cv::Mat cleaned(const SceneInput& input, double radius, double contrast) {
  const cv::Mat grey = grey_of(input.rgb), half = halved(input.rgb), guide = grey_of(half);
  const cv::Mat everywhere = cv::Mat::ones(half.size(), CV_32F);
  std::vector<cv::Mat> planes;
  cv::split(half, planes);
  for (cv::Mat& plane : planes) {
    plane.convertTo(plane, CV_32F, 1.0 / 255);
    const teachers::LinearModel model =
        teachers::guided_model(guide, plane, everywhere, 0.5 * radius * input.unit, contrast * contrast);
    plane = doubled(model.slope, grey.size()).mul(grey) + doubled(model.offset, grey.size());
  }
  cv::Mat result;
  cv::merge(planes, result);
  return result;
}

// Flat areas with clear borders: bilateral filter, twice, at half size (Winnemöller, Olsen, Gooch 2006).
cv::Mat flattened(const SceneInput& input) {
  cv::Mat half = halved(input.rgb), flat;
  constexpr int kDiameter = 7;
  constexpr double kLevels = 34;
  cv::bilateralFilter(half, flat, kDiameter, kLevels, 3);
  cv::bilateralFilter(flat, half, kDiameter, kLevels, 3);
  return half;
}

// Ink where the lightness dips, 0 … 1: a difference of Gaussians through a soft threshold (Winnemöller,
// Kyprianidis, Olsen 2012).
cv::Mat ink_of(const cv::Mat& grey, double sigma_px, double threshold, double sharpness) {
  constexpr double kBroader = 1.6, kCentre = 0.985;
  const cv::Mat difference = soft(grey, sigma_px) - kCentre * soft(grey, kBroader * sigma_px);
  cv::Mat ink(grey.size(), CV_32F);
  for (int y = 0; y < ink.rows; ++y) {
    const auto* d = difference.ptr<float>(y);
    auto* out = ink.ptr<float>(y);
    for (int x = 0; x < ink.cols; ++x) {
      out[x] = static_cast<float>(smooth_step(0, 1, sharpness * (threshold - d[x])));
    }
  }
  return ink;
}

cv::Mat three(const cv::Mat& plane) {
  cv::Mat merged;
  cv::merge(std::vector<cv::Mat>(3, plane), merged);
  return merged;
}

cv::Mat bytes_of(const cv::Mat& picture) {
  cv::Mat bytes;
  picture.convertTo(bytes, CV_8UC3, 255);
  return bytes;
}

cv::Mat floats_of(const cv::Mat& rgb) {
  cv::Mat floats;
  rgb.convertTo(floats, CV_32FC3, 1.0 / 255);
  return floats;
}

cv::Mat filled(const cv::Size& size, const cv::Vec3d& rgb) {
  return {size, CV_32FC3, cv::Scalar(rgb[0], rgb[1], rgb[2])};
}

// CIE Lab bytes through one curve for the lightness and one for both colours.
void through_curves(cv::Mat& rgb, const auto& light, double chroma) {
  cv::Mat lab, table(1, 256, CV_8UC3);
  cv::cvtColor(rgb, lab, cv::COLOR_RGB2Lab);
  for (int i = 0; i < 256; ++i) {
    const auto colour = cv::saturate_cast<uchar>(128 + chroma * (i - 128));
    table.at<cv::Vec3b>(0, i) = {cv::saturate_cast<uchar>(255 * light(i / 255.0)), colour, colour};
  }
  cv::LUT(lab, table, lab);
  cv::cvtColor(lab, rgb, cv::COLOR_Lab2RGB);
}

// --- the manners ---

// Cleaned, warm, lit softly; what is behind is a little out of focus.
cv::Mat film(const SceneInput& input) {
  cv::Mat picture = cleaned(input, 4, 0.08);
  picture = mix(soft(picture, 2.6 * input.unit), picture, input.figure);
  const cv::Mat glow = doubled(soft(halved(picture), 7 * input.unit), picture.size());
  picture += 0.16 * glow.mul(glow).mul(cv::Scalar(1, 1, 1) - picture);
  cv::Mat rgb = bytes_of(picture);
  through_curves(
      rgb, [](double l) { return l + 0.03 * std::sin(CV_PI * l); }, 1.14);
  cv::Mat warm;
  cv::transform(rgb, warm, cv::Matx34f(1.035F, 0, 0, 1, 0, 1.0F, 0, 0, 0, 0, 0.955F, 0));
  return warm;
}

// Flat bright colours in few tones, and ink.
cv::Mat comic(const SceneInput& input) {
  cv::Mat flat = flattened(input);
  through_curves(
      flat,
      [](double l) {
        constexpr std::array<double, 5> kTones = {0.10, 0.32, 0.54, 0.75, 0.93};
        double tone = kTones[0];
        for (size_t i = 1; i < kTones.size(); ++i) {
          const double border = 0.5 * (kTones[i - 1] + kTones[i]);
          tone += (kTones[i] - kTones[i - 1]) * smooth_step(border - 0.05, border + 0.05, l);
        }
        return 0.25 * l + 0.75 * tone;
      },
      1.45);
  const cv::Mat picture = floats_of(doubled(flat, input.rgb.size()));
  const cv::Mat ink = ink_of(soft(grey_of(input.rgb), 0.7 * input.unit), 1.1 * input.unit, -0.006, 45);
  return bytes_of(mix(picture, filled(picture.size(), {0.05, 0.05, 0.08}), 0.92 * ink));
}

// Few pigments, a sky wiped towards the middle, ink lines, paper.
cv::Mat ukiyoe(const SceneInput& input) {
  static const std::array<cv::Vec3f, 9> kPigments = {{{0.13F, 0.26F, 0.42F},
                                                      {0.70F, 0.32F, 0.25F},
                                                      {0.82F, 0.63F, 0.38F},
                                                      {0.38F, 0.50F, 0.42F},
                                                      {0.60F, 0.60F, 0.57F},
                                                      {0.10F, 0.13F, 0.20F},
                                                      {0.94F, 0.88F, 0.76F},
                                                      {0.86F, 0.68F, 0.62F},
                                                      {0.45F, 0.31F, 0.23F}}};
  const cv::Mat flat = floats_of(flattened(input));
  cv::Mat printed(flat.size(), CV_32FC3);
  for (int y = 0; y < flat.rows; ++y) {
    for (int x = 0; x < flat.cols; ++x) {
      // All pigments with weights that fall off steeply: nearly the nearest one, and nothing jumps.
      const cv::Vec3f colour = flat.at<cv::Vec3f>(y, x);
      cv::Vec3f sum(0, 0, 0);
      float total = 0;
      for (const cv::Vec3f& pigment : kPigments) {
        const cv::Vec3f d = colour - pigment;
        const float near = 1 / (d.dot(d) + 0.002F), weight = near * near * near;
        sum += weight * pigment;
        total += weight;
      }
      printed.at<cv::Vec3f>(y, x) = 0.75F * sum / total + 0.25F * colour;
    }
  }
  cv::Mat picture = doubled(printed, input.rgb.size());
  cv::Mat sky(picture.size(), CV_32F);
  for (int y = 0; y < sky.rows; ++y) {
    const double height = static_cast<double>(y) / sky.rows;
    sky.row(y).setTo(0.8 * std::pow(std::max(1 - height / 0.45, 0.0), 1.3));
  }
  const cv::Mat behind = 1 - input.figure;
  picture = mix(picture, filled(picture.size(), {0.92, 0.85, 0.72}), 0.35 * behind);
  picture = mix(picture, filled(picture.size(), {0.13, 0.26, 0.42}), sky.mul(behind));
  const cv::Mat ink = ink_of(soft(grey_of(input.rgb), 0.8 * input.unit), 1.0 * input.unit, -0.007, 45);
  picture = mix(picture, filled(picture.size(), {0.09, 0.09, 0.13}), 0.85 * ink);
  return bytes_of(picture.mul(three(texture_of(Texture::kPaper, picture.size()))));
}

// Graphite on paper: two layers of hatching by the tone, contours, grain. What is behind is hinted at.
cv::Mat drawing(const SceneInput& input) {
  const cv::Size size = input.rgb.size();
  const cv::Mat hatch = texture_of(Texture::kHatch, size), cross = texture_of(Texture::kCrossHatch, size),
                paper = texture_of(Texture::kPaper, size);
  cv::Mat tone;
  cv::extractChannel(cleaned(input, 5, 0.09), tone, 1);
  const cv::Mat lines = ink_of(soft(grey_of(input.rgb), 0.6 * input.unit), 0.9 * input.unit, -0.002, 70);
  static const std::vector<float> kSigmoid = [] {  // of -8 … 8
    std::vector<float> values;
    for (int i = 0; i <= 1024; ++i)
      values.push_back(static_cast<float>(1 / (1 + std::exp(-(i - 512) / 64.0))));
    return values;
  }();
  const auto sigmoid = [](float x) {
    return kSigmoid[static_cast<size_t>(std::clamp(x * 64 + 512, 0.0F, 1024.0F))];
  };
  constexpr float kPaper[] = {0.94F, 0.943F, 0.935F}, kGraphite[] = {0.21F, 0.21F, 0.23F};
  cv::Mat picture(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y) {
    const auto *t = tone.ptr<float>(y), *h = hatch.ptr<float>(y), *c = cross.ptr<float>(y),
               *p = paper.ptr<float>(y), *f = input.figure.ptr<float>(y), *l = lines.ptr<float>(y);
    auto* out = picture.ptr<cv::Vec3b>(y);
    for (int x = 0; x < size.width; ++x) {
      const float density = std::clamp(1.05F - 1.05F * t[x], 0.0F, 1.0F) * (0.36F + 0.56F * f[x]);
      const float first = sigmoid((h[x] - (1.9F - 3.8F * density)) * 2.2F);
      const float second = sigmoid((c[x] - (1.9F - 5.2F * std::max(density - 0.42F, 0.0F))) * 2.6F);
      float ink = 0.74F * first * std::min(density * 2.2F, 1.0F) +
                  0.5F * second * std::clamp((density - 0.3F) * 2.2F, 0.0F, 1.0F);
      ink = 1 - (1 - std::min(ink, 1.0F)) * (1 - 0.7F * l[x] * (0.4F + 0.6F * f[x]));
      ink *= 0.95F * std::clamp(0.82F + (p[x] - 1) * 5, 0.0F, 1.0F);
      for (int i = 0; i < 3; ++i)
        out[x][i] = cv::saturate_cast<uchar>(255 * p[x] * (kPaper[i] + ink * (kGraphite[i] - kPaper[i])));
    }
  }
  return picture;
}

// Unit vectors along the forms at half size; where there are none, slanting.
cv::Mat brush_flow(const cv::Mat& light, double unit) {
  constexpr double kSlant = 2 * 52 * CV_PI / 180, kStrength = 2e-3;
  const cv::Mat smooth = soft(light, 1.5 * unit);
  cv::Mat gx, gy;
  cv::Sobel(smooth, gx, CV_32F, 1, 0);
  cv::Sobel(smooth, gy, CV_32F, 0, 1);
  // The double angle of the gradient; the flow lies across it.
  const cv::Mat cosine = soft(gx.mul(gx) - gy.mul(gy), 4 * unit) - kStrength * std::cos(kSlant);
  const cv::Mat sine = soft(2 * gx.mul(gy), 4 * unit) + kStrength * std::sin(kSlant);
  cv::Mat flow(light.size(), CV_32FC2);
  for (int y = 0; y < flow.rows; ++y) {
    for (int x = 0; x < flow.cols; ++x) {
      const float angle = 0.5F * std::atan2(sine.at<float>(y, x), cosine.at<float>(y, x));
      flow.at<cv::Vec2f>(y, x) = {-std::sin(angle), std::cos(angle)};
    }
  }
  return flow;
}

// Colours averaged along the flow, pixel by pixel of half size (line integral convolution, Cabral and Leedom
// 1993).
cv::Mat drawn_out(const cv::Mat& picture, const cv::Mat& flow, int steps) {
  cv::Mat result(picture.size(), CV_32FC3);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      cv::Vec3f sum = picture.at<cv::Vec3f>(y, x);
      float total = 1;
      for (const float sign : {1.0F, -1.0F}) {
        cv::Vec2f direction = sign * flow.at<cv::Vec2f>(y, x),
                  at(static_cast<float>(x), static_cast<float>(y));
        for (int k = 0; k < steps; ++k) {
          at += direction;
          const int column = cvRound(at[0]), row = cvRound(at[1]);
          if (column < 0 || row < 0 || column >= picture.cols || row >= picture.rows) break;
          const cv::Vec2f next = flow.at<cv::Vec2f>(row, column);
          direction = next.dot(direction) < 0 ? -next : next;
          sum += picture.at<cv::Vec3f>(row, column);
          total += 1;
        }
      }
      result.at<cv::Vec3f>(y, x) = sum / total;
    }
  }
  return result;
}

// Oil: colours drawn out along the forms, the relief of bristles in a light from above on the left.
cv::Mat painting(const SceneInput& input) {
  cv::Mat flat = flattened(input);
  through_curves(
      flat, [](double l) { return l - 0.04 * std::sin(2 * CV_PI * l); }, 1.22);
  const cv::Mat flow = brush_flow(grey_of(flat), 0.5 * input.unit);
  const int steps = std::max(3, cvRound(5 * input.unit));
  const cv::Mat strokes = drawn_out(floats_of(flat), flow, steps);
  cv::Mat bristles = teachers::averaged_along(flow, texture_of(Texture::kBristles, flow.size()), 7);
  bristles = doubled(bristles, input.rgb.size());
  cv::Mat gx, gy, slope;
  cv::Sobel(bristles, gx, CV_32F, 1, 0);
  cv::Sobel(bristles, gy, CV_32F, 0, 1);
  slope = 1.0 + cv::min(cv::max(cv::Mat(0.05 * gx + 0.08 * gy), -0.08), 0.08);
  return bytes_of(doubled(strokes, input.rgb.size()).mul(three(slope)));
}

}  // namespace

cv::Mat draw_in_manner(const SceneInput& input, SceneManner manner) {
  switch (manner) {
    case SceneManner::kFilm:
      return film(input);
    case SceneManner::kComic:
      return comic(input);
    case SceneManner::kUkiyoe:
      return ukiyoe(input);
    case SceneManner::kDrawing:
      return drawing(input);
    case SceneManner::kPainting:
      return painting(input);
    case SceneManner::kNone:
      break;
  }
  return input.rgb;
}

}  // namespace toonmirror::toon
