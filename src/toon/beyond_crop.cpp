#include "toon/beyond_crop.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "face/mask.h"

namespace toonmirror::toon {
namespace {

using face::Label;

// What has tones of its own in a drawing. Features (eyes, brows, lips) never lie beyond the square.
constexpr size_t kHair = 0, kSkin = 1, kOther = 2, kGroups = 3;
using Groups = std::array<cv::Mat, kGroups>;

size_t group_of(int label) {
  switch (static_cast<Label>(label)) {
    case Label::kHair:
    case Label::kHat:
      return kHair;
    case Label::kBackground:
    case Label::kCloth:
      return kOther;
    default:
      return kSkin;
  }
}

// CV_32FC1 planes that sum to 1.
Groups groups_of(const cv::Mat& parsing) {
  Groups planes;
  for (cv::Mat& plane : planes) plane = cv::Mat::zeros(parsing.size(), CV_32F);
  for (int y = 0; y < parsing.rows; ++y) {
    for (int x = 0; x < parsing.cols; ++x) {
      const float* labels = parsing.ptr<float>(y, x);
      float sum = 0;
      for (int label = 0; label < face::kLabelCount; ++label) sum += labels[label];
      for (int label = 0; label < face::kLabelCount; ++label) {
        planes[group_of(label)].at<float>(y, x) += labels[label] / std::max(sum, 1e-6F);
      }
    }
  }
  return planes;
}

cv::Mat grey_of(const cv::Mat& rgb) {
  cv::Mat grey;
  cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
  return grey;
}

cv::Mat resized(const cv::Mat& picture, cv::Size size) {
  if (picture.size() == size) return picture;
  cv::Mat result;
  cv::resize(picture, result, size, 0, 0, size.width < picture.cols ? cv::INTER_AREA : cv::INTER_LINEAR);
  return result;
}

// --- tones ---

constexpr int kTones = 256;
using ToneCurve = std::array<cv::Vec3f, kTones>;  // RGB 0 … 255 by the photo's grey level

struct Histogram {
  std::array<double, kTones> weight{};
  std::array<cv::Vec3d, kTones> colour{};  // weighted sums
  double total = 0;
};

Histogram histogram_of(const cv::Mat& rgb, const cv::Mat& weight) {
  Histogram histogram;
  const cv::Mat grey = grey_of(rgb);
  for (int y = 0; y < rgb.rows; ++y) {
    for (int x = 0; x < rgb.cols; ++x) {
      const double w = weight.at<float>(y, x);
      const uchar tone = grey.at<uchar>(y, x);
      histogram.weight[tone] += w;
      histogram.colour[tone] += w * cv::Vec3d(rgb.at<cv::Vec3b>(y, x));
      histogram.total += w;
    }
  }
  return histogram;
}

// The mean colour of that band of the drawing's weight, from its darkest (0) to its lightest (1).
cv::Vec3d colour_between(const Histogram& histogram, double from, double to) {
  cv::Vec3d sum(0, 0, 0);
  double taken = 0, below = 0;
  for (int tone = 0; tone < kTones && below < to * histogram.total; ++tone) {
    const double weight = histogram.weight[tone];
    const double share =
        std::min(below + weight, to * histogram.total) - std::max(below, from * histogram.total);
    if (weight > 0 && share > 0) {
      sum += histogram.colour[tone] * (share / weight);
      taken += share;
    }
    below += weight;
  }
  return taken > 0 ? sum / taken : cv::Vec3d(0, 0, 0);
}

// The grey level below which that share of the weight lies.
int quantile(const Histogram& histogram, double share) {
  double below = 0;
  for (int tone = 0; tone < kTones; ++tone) {
    below += histogram.weight[tone];
    if (below >= share * histogram.total) return tone;
  }
  return kTones - 1;
}

// Levels that the photo's part hardly has are as much lighter or darker than its lightest or darkest as they were:
// what is taken for hair and is a white collar stays white.
void carry_ends(cv::Mat& curve, const Histogram& photo) {
  constexpr double kRare = 0.01;
  const int darkest = quantile(photo, kRare), lightest = quantile(photo, 1 - kRare);
  for (int tone = 0; tone < kTones; ++tone) {
    const int end = std::clamp(tone, darkest, lightest);
    if (end == tone) continue;
    const auto further = static_cast<float>(tone - end);
    curve.at<cv::Vec3f>(0, tone) = curve.at<cv::Vec3f>(0, end) + cv::Vec3f(further, further, further);
  }
}

// Grey levels of the photo → colours of the drawing, rank by rank. Every rank is softened by a band of ranks
// around it, and levels by their neighbours, so that a grain of noise moves nothing.
ToneCurve tone_curve(const Histogram& photo, const Histogram& drawing) {
  constexpr double kBand = 0.06, kSpread = 4;
  std::array<double, kTones> rank{};
  double below = 0;
  for (int tone = 0; tone < kTones; ++tone) {
    rank[tone] = (below + 0.5 * photo.weight[tone]) / photo.total;
    below += photo.weight[tone];
  }
  cv::Mat curve(1, kTones, CV_32FC3);
  for (int tone = 0; tone < kTones; ++tone) {
    const double from = std::clamp(rank[tone] - kBand, 0.0, 1 - 2 * kBand);
    const cv::Vec3d colour = colour_between(drawing, from, from + 2 * kBand);
    curve.at<cv::Vec3f>(0, tone) = cv::Vec3f(colour);
  }
  carry_ends(curve, photo);
  cv::GaussianBlur(curve, curve, {0, 0}, kSpread, kSpread, cv::BORDER_REPLICATE);
  ToneCurve result;
  std::copy(curve.begin<cv::Vec3f>(), curve.end<cv::Vec3f>(), result.begin());
  return result;
}

using ToneCurves = std::array<ToneCurve, kGroups>;

// Weights of a group's pixels: most for those far from its borders, where photo and drawing may not agree
// which is which; a trace of everything for what the square does not show at all.
cv::Mat sure(const cv::Mat& plane) {
  constexpr double kFar = 0.035, kNearBorder = 0.05, kTrace = 1e-4;
  const int reach = 2 * cvRound(kFar * plane.cols) + 1;
  cv::Mat inner;
  cv::erode(plane, inner, cv::getStructuringElement(cv::MORPH_ELLIPSE, {reach, reach}));
  return plane.mul(plane).mul(inner + kNearBorder) + kTrace;
}

ToneCurves tone_curves(const cv::Mat& drawing, const cv::Mat& photo, const Groups& weights) {
  ToneCurves curves;
  for (size_t g = 0; g < curves.size(); ++g) {
    curves[g] = tone_curve(histogram_of(photo, weights[g]), histogram_of(drawing, weights[g]));
  }
  return curves;
}

// --- carrying on ---

// Shares of what is neither hair nor skin are those of `other`, or where there is none, of its curve.
cv::Mat applied(const ToneCurves& curves, const cv::Mat& grey, const Groups& groups,
                const cv::Mat& other = {}) {
  cv::Mat result(grey.size(), CV_32FC3);
  const size_t curved = other.empty() ? kGroups : kOther;
  for (int y = 0; y < grey.rows; ++y) {
    const uchar* tones = grey.ptr<uchar>(y);
    auto* out = result.ptr<cv::Vec3f>(y);
    const std::array<const float*, kGroups> shares = {groups[0].ptr<float>(y), groups[1].ptr<float>(y),
                                                      groups[2].ptr<float>(y)};
    for (int x = 0; x < grey.cols; ++x) {
      cv::Vec3f sum(0, 0, 0);
      for (size_t g = 0; g < curved; ++g) sum += shares[g][x] * curves[g][tones[x]];
      if (!other.empty()) sum += shares[kOther][x] * cv::Vec3f(other.at<cv::Vec3b>(y, x));
      out[x] = sum;
    }
  }
  return result;
}

cv::Mat three(const cv::Mat& plane) {
  cv::Mat merged;
  cv::merge(std::vector<cv::Mat>(3, plane), merged);
  return merged;
}

// Of the drawing inside the square, CV_32FC1 0 … 1. The network may end the hair before the photo does, and
// shows its own background from there on: far from every tone of its hair.
cv::Mat trust(const cv::Mat& drawing, const cv::Mat& expected, const cv::Mat& hair) {
  constexpr double kAlike = 36, kReach = 0.015;  // levels; standard deviation, a share of the square
  cv::Mat difference, distance;
  drawing.convertTo(difference, CV_32FC3);
  difference -= expected;
  cv::GaussianBlur(difference, difference, {}, kReach * drawing.cols);
  cv::transform(difference.mul(difference), distance, cv::Matx13f(1, 1, 1) * (1.0F / 3));
  cv::Mat result(hair.size(), CV_32F);
  for (int y = 0; y < result.rows; ++y) {
    for (int x = 0; x < result.cols; ++x) {
      const double doubt = 1 - std::exp(-std::pow(distance.at<float>(y, x) / (kAlike * kAlike), 2));
      result.at<float>(y, x) = static_cast<float>(1 - doubt * hair.at<float>(y, x));
    }
  }
  return result;
}

// How the drawing goes on: its tones, and how far it is to be believed itself.
struct Manner {
  ToneCurves curves;
  cv::Mat trust;  // CV_32FC1 of the square
};

Manner manner_of(const cv::Mat& drawing, const cv::Mat& photo_crop, const Groups& in_square) {
  constexpr int kFit_px = 64;
  const cv::Size size(kFit_px, kFit_px);
  const cv::Mat drawn = resized(drawing, size), photo = resized(photo_crop, size);
  Groups planes, weights;
  for (size_t g = 0; g < kGroups; ++g) {
    planes[g] = resized(in_square[g], size);
    weights[g] = sure(planes[g]);
  }
  Manner manner = {tone_curves(drawn, photo, weights), {}};
  // Once more without what the first look does not believe.
  manner.trust = trust(drawn, applied(manner.curves, grey_of(photo), planes), planes[kHair]);
  weights[kHair] = weights[kHair].mul(manner.trust.mul(manner.trust)) + 1e-6;
  manner.curves = tone_curves(drawn, photo, weights);
  manner.trust = trust(drawn, applied(manner.curves, grey_of(photo), planes), planes[kHair]);
  return manner;
}

// What is left between the drawing and `beyond` along the border of the square, carried outwards and fading
// (normalised convolution of the head's pixels). All coarse, of the wide view; `inner` is the square in it.
cv::Mat difference_at_border(const cv::Mat& drawing, const cv::Mat& beyond, const cv::Mat& head,
                             const cv::Mat& trust, const cv::Rect& inner) {
  constexpr double kReach = 0.06, kLittle = 0.02;
  cv::Mat drawn, weight = cv::Mat::zeros(head.size(), CV_32F);
  drawing.convertTo(drawn, CV_32FC3);
  const cv::Mat believed = head(inner).mul(head(inner)).mul(trust).mul(1 - face::mask_square(inner.width));
  believed.copyTo(weight(inner));
  cv::Mat difference = cv::Mat::zeros(head.size(), CV_32FC3);
  cv::Mat(cv::Mat(drawn - beyond(inner)).mul(three(believed))).copyTo(difference(inner));
  const double sigma = kReach * inner.width;
  cv::GaussianBlur(difference, difference, {}, sigma, sigma, cv::BORDER_REPLICATE);
  cv::GaussianBlur(weight, weight, {}, sigma, sigma, cv::BORDER_REPLICATE);
  return difference.mul(three(1 / (weight + kLittle)));
}

// Takes belief from hair outside of the square in proportion to how far its colour lies from those of the
// hair inside (their normal distribution). `window`: 1 inside of the square, where nothing is doubted.
void doubt_hair(cv::Mat& parsing, const cv::Mat& photo, const cv::Rect& place, const cv::Mat& window) {
  constexpr double kNoise = 12, kLeastHair = 0.004;  // grey levels; of the square
  constexpr double kUsual = 8, kMostDoubt = 6;       // squared distance; log odds
  cv::Mat weight, outside = cv::Mat::ones(parsing.size(), CV_32F);
  weight = groups_of(parsing)[kHair];
  cv::Mat(1 - window).copyTo(outside(place));
  const cv::Mat inside = sure(weight(place).clone());
  double total = 0;
  cv::Vec3d mean(0, 0, 0);
  cv::Matx33d second = cv::Matx33d::zeros();
  for (int y = 0; y < place.height; ++y) {
    for (int x = 0; x < place.width; ++x) {
      const cv::Vec3d colour = photo.at<cv::Vec3b>(place.y + y, place.x + x);
      const double w = inside.at<float>(y, x);
      total += w;
      mean += w * colour;
      second += w * (colour * colour.t());
    }
  }
  if (total < kLeastHair * place.area()) return;
  mean /= total;
  const cv::Matx33d inverse =
      (second * (1 / total) - mean * mean.t() + cv::Matx33d::eye() * (kNoise * kNoise)).inv();
  for (int y = 0; y < parsing.rows; ++y) {
    for (int x = 0; x < parsing.cols; ++x) {
      const cv::Vec3d deviation = cv::Vec3d(photo.at<cv::Vec3b>(y, x)) - mean;
      const double distance = deviation.dot(inverse * deviation);
      const double doubt = std::clamp(0.5 * (distance - kUsual), 0.0, kMostDoubt) * outside.at<float>(y, x);
      auto* labels = parsing.ptr<float>(y, x);
      float& hair = labels[static_cast<int>(Label::kHair)];
      float& hat = labels[static_cast<int>(Label::kHat)];
      const float before = hair + hat;
      const double left = std::exp(-doubt) / (1 - before + before * std::exp(-doubt));
      hair = static_cast<float>(hair * left);
      hat = static_cast<float>(hat * left);
      labels[static_cast<int>(Label::kBackground)] += before - hair - hat;
    }
  }
}

}  // namespace

face::FaceSquare widened(const face::FaceSquare& square) {
  const cv::Point2d down(-square.right.y, square.right.x);
  return {square.centre + down * (WideView::kBelow - WideView::kAbove), square.right * WideView::kSide};
}

int wide_size_px(double square_px, int drawing_px) {
  constexpr int kLeast_px = 96, kWhole = 8;  // a multiple of it has whole pixels beside it, above and below
  const int square =
      kWhole * cvCeil(std::clamp<double>(square_px, kLeast_px, std::max(drawing_px, kLeast_px)) / kWhole);
  return cvRound(square * WideView::kSide);
}

cv::Rect square_in_wide(int wide_px) {
  const double side = wide_px / WideView::kSide;
  const int size = cvRound(side);
  return {cvRound(WideView::kBeside * side), cvRound(WideView::kAbove * side), size, size};
}

cv::Mat merged_parsing(const cv::Mat& in_square, const cv::Mat& in_wide, const cv::Mat& wide_photo) {
  const int size = cvRound(in_square.cols * WideView::kSide);
  cv::Mat merged;
  cv::resize(in_wide, merged, {size, size}, 0, 0, cv::INTER_LINEAR);
  const cv::Rect place = square_in_wide(size);
  const cv::Mat& square = in_square;
  const cv::Mat window = face::mask_square(place.width);
  for (int y = 0; y < place.height; ++y) {
    for (int x = 0; x < place.width; ++x) {
      float* wide = merged.ptr<float>(place.y + y, place.x + x);
      const float* own = square.ptr<float>(y, x);
      const float share = window.at<float>(y, x);
      for (int label = 0; label < face::kLabelCount; ++label)
        wide[label] += share * (own[label] - wide[label]);
    }
  }
  doubt_hair(merged, resized(wide_photo, merged.size()), place, window);
  return merged;
}

cv::Mat carried_beyond(const cv::Mat& drawing, const cv::Mat& photo_crop, const cv::Mat& wide_photo,
                       const cv::Mat& surroundings, const cv::Mat& parsing) {
  const cv::Size size = wide_photo.size();
  const cv::Rect inner = square_in_wide(parsing.cols);
  const Groups groups = groups_of(parsing);
  Groups in_square, fine;
  for (size_t g = 0; g < kGroups; ++g) {
    in_square[g] = groups[g](inner);
    fine[g] = resized(groups[g], size);
  }
  const Manner manner = manner_of(drawing, photo_crop, in_square);

  cv::Mat photo = wide_photo.clone(), grey;
  const cv::Rect shown = square_in_wide(size.width);
  resized(photo_crop, shown.size()).copyTo(photo(shown));
  cv::medianBlur(grey_of(photo), grey, 3);
  cv::Mat beyond = applied(manner.curves, grey, fine, surroundings);
  const cv::Mat difference =
      difference_at_border(resized(drawing, inner.size()), resized(beyond, parsing.size()),
                           1 - groups[kOther], resized(manner.trust, inner.size()), inner);
  beyond += resized(difference, size);

  const int side = cvRound(drawing.cols * WideView::kSide);
  const cv::Rect place = square_in_wide(side);
  beyond.convertTo(beyond, CV_8UC3);
  cv::Mat result = resized(beyond, {side, side});
  const cv::Mat share = face::mask_square(place.width).mul(resized(manner.trust, place.size()));
  for (int y = 0; y < place.height; ++y) {
    auto* out = result.ptr<cv::Vec3b>(place.y + y) + place.x;
    const auto* in = drawing.ptr<cv::Vec3b>(y);
    const auto* own = share.ptr<float>(y);
    for (int x = 0; x < place.width; ++x) {
      out[x] = cv::Vec3b(cv::Vec3f(out[x]) + own[x] * (cv::Vec3f(in[x]) - cv::Vec3f(out[x])));
    }
  }
  return result;
}

}  // namespace toonmirror::toon
