#include "training/picture_damage.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace toonmirror::training {
namespace {

std::vector<float> copy_of(const Canvas& canvas) { return {canvas.pixels, canvas.pixels + canvas.size()}; }

// Normal numbers, drawn once: drawing them for every pixel would cost more than all else.
const std::vector<float>& normal_numbers() {
  static const std::vector<float> kNumbers = [] {
    std::mt19937_64 random(20);
    std::normal_distribution<float> normal;
    std::vector<float> result(1 << 16);
    for (float& number : result) number = normal(random);
    return result;
  }();
  return kNumbers;
}

// One pass of a symmetric filter, along rows (step: 3) or columns (step: a row), edges repeated.
void filter(const Canvas& canvas, const std::vector<float>& half, bool columns) {
  const std::vector<float> source = copy_of(canvas);
  const int64_t side = canvas.side_px, step = columns ? side * 3 : 3;
  const auto reach = static_cast<int64_t>(half.size()) - 1;
  for (int64_t y = 0; y < side; ++y) {
    for (int64_t x = 0; x < side; ++x) {
      const int64_t along = columns ? y : x;
      const float* centre = &source[static_cast<size_t>((y * side + x) * 3)];
      float sum[3] = {half[0] * centre[0], half[0] * centre[1], half[0] * centre[2]};
      for (int64_t k = 1; k <= reach; ++k) {
        const float* before = centre - std::min(k, along) * step;
        const float* after = centre + std::min(k, side - 1 - along) * step;
        for (int c = 0; c < 3; ++c) sum[c] += half[static_cast<size_t>(k)] * (before[c] + after[c]);
      }
      std::copy(sum, sum + 3, canvas.at(x, y));
    }
  }
}

}  // namespace

void vary_light(const Canvas& canvas, Dice& dice) {
  double exposure = dice.ratio(0.6, 1.5);
  if (dice.chance(0.15)) exposure *= dice.ratio(0.15, 0.6);  // darkness
  const float gamma = static_cast<float>(dice.ratio(0.65, 1.5));
  const float contrast = static_cast<float>(dice.ratio(0.65, 1.3)), middle = dice.betweenf(0.3, 0.6);
  const double cast = dice.chance(0.1) ? 0.35 : 0.1;
  float gain[3];
  for (float& value : gain) value = static_cast<float>(exposure * std::exp2(dice.around(cast)));
  const float colourful = dice.chance(0.08) ? 0.0F : static_cast<float>(dice.ratio(0.6, 1.4));
  // Light from a side: a ramp over the picture.
  const double side = dice.chance(0.3) ? dice.between(0.1, 0.8) : 0.0, from = dice.angle();
  const auto ramp_x = static_cast<float>(side * std::cos(from)),
             ramp_y = static_cast<float>(side * std::sin(from));
  const bool curved = dice.chance(0.6);
  const float unit = 2.0F / static_cast<float>(canvas.side_px);
  for (int64_t y = 0; y < canvas.side_px; ++y) {
    for (int64_t x = 0; x < canvas.side_px; ++x) {
      float* pixel = canvas.at(x, y);
      const float lit = 1.0F + ramp_x * (static_cast<float>(x) * unit - 1.0F) +
                        ramp_y * (static_cast<float>(y) * unit - 1.0F);
      const float grey = 0.3F * pixel[0] + 0.59F * pixel[1] + 0.11F * pixel[2];
      for (int c = 0; c < 3; ++c) {
        float value = (grey + colourful * (pixel[c] - grey)) * gain[c] * std::max(lit, 0.0F);
        value = std::clamp((value - middle) * contrast + middle, 0.0F, 1.0F);
        // x^gamma by its parabola through 0, ½ and 1, at a tenth of the price.
        if (curved) value += (gamma - 1.0F) * -0.9F * value * (1.0F - value);
        pixel[c] = value;
      }
    }
  }
}

void blur(const Canvas& canvas, double sigma_px) {
  std::vector<float> half;
  double sum = 0;
  for (int k = 0; k <= static_cast<int>(std::ceil(2.5 * sigma_px)); ++k) {
    const double weight = std::exp(-0.5 * k * k / (sigma_px * sigma_px));
    sum += k == 0 ? weight : 2 * weight;
    half.push_back(static_cast<float>(weight));
  }
  for (float& weight : half) weight /= static_cast<float>(sum);
  filter(canvas, half, /*columns=*/false);
  filter(canvas, half, /*columns=*/true);
}

void blur_along(const Canvas& canvas, double angle_rad, int64_t length_px) {
  const std::vector<float> source = copy_of(canvas);
  const int64_t last = canvas.side_px - 1;
  std::fill(canvas.pixels, canvas.pixels + canvas.size(), 0.0F);
  const float weight = 1.0F / static_cast<float>(length_px);
  for (int64_t k = 0; k < length_px; ++k) {
    const double along = static_cast<double>(k) - static_cast<double>(length_px - 1) / 2;
    const int64_t dx = std::llround(along * std::cos(angle_rad)),
                  dy = std::llround(along * std::sin(angle_rad));
    for (int64_t y = 0; y <= last; ++y) {
      const float* row =
          &source[static_cast<size_t>(std::clamp<int64_t>(y + dy, 0, last) * canvas.side_px * 3)];
      for (int64_t x = 0; x <= last; ++x) {
        const float* from = row + std::clamp<int64_t>(x + dx, 0, last) * 3;
        float* pixel = canvas.at(x, y);
        for (int c = 0; c < 3; ++c) pixel[c] += weight * from[c];
      }
    }
  }
}

void lose_resolution(const Canvas& canvas, double factor) {
  const int64_t side = canvas.side_px;
  const auto small = std::max<int64_t>(static_cast<int64_t>(static_cast<double>(side) / factor), 4);
  std::vector<float> means(static_cast<size_t>(small * small * 3), 0.0F),
      counts(static_cast<size_t>(small * small), 0.0F);
  for (int64_t y = 0; y < side; ++y) {
    for (int64_t x = 0; x < side; ++x) {
      const auto cell = static_cast<size_t>(y * small / side * small + x * small / side);
      const float* pixel = canvas.at(x, y);
      for (size_t c = 0; c < 3; ++c) means[cell * 3 + c] += pixel[c];
      counts[cell] += 1;
    }
  }
  for (size_t cell = 0; cell < counts.size(); ++cell) {
    for (size_t c = 0; c < 3; ++c) means[cell * 3 + c] /= counts[cell];
  }
  const float step = static_cast<float>(small) / static_cast<float>(side);
  for (int64_t y = 0; y < side; ++y) {
    const float v =
        std::clamp((static_cast<float>(y) + 0.5F) * step - 0.5F, 0.0F, static_cast<float>(small - 1) - 1e-3F);
    const auto row = static_cast<int64_t>(v);
    for (int64_t x = 0; x < side; ++x) {
      const float u = std::clamp((static_cast<float>(x) + 0.5F) * step - 0.5F, 0.0F,
                                 static_cast<float>(small - 1) - 1e-3F);
      const auto column = static_cast<int64_t>(u);
      const float a = u - static_cast<float>(column), b = v - static_cast<float>(row);
      const float* upper = &means[static_cast<size_t>((row * small + column) * 3)];
      const float* lower = upper + small * 3;
      float* pixel = canvas.at(x, y);
      for (int c = 0; c < 3; ++c) {
        const float above = upper[c] + a * (upper[c + 3] - upper[c]);
        pixel[c] = above + b * (lower[c] + a * (lower[c + 3] - lower[c]) - above);
      }
    }
  }
}

void add_noise(const Canvas& canvas, double sigma, Dice& dice) {
  const std::vector<float>& numbers = normal_numbers();
  const auto mask = numbers.size() - 1;
  const auto amount = static_cast<float>(sigma);
  const float coloured = dice.betweenf(0.2, 1.0) * amount;
  auto grey = static_cast<size_t>(dice.below(1 << 16)), colour = static_cast<size_t>(dice.below(1 << 16));
  const size_t stride = 2 * static_cast<size_t>(dice.below(1 << 10)) + 1;  // odd: all numbers are met
  for (int64_t i = 0; i < canvas.size(); i += 3) {
    grey += stride;
    const float common = amount * numbers[grey & mask];
    for (int64_t c = 0; c < 3; ++c) canvas.pixels[i + c] += common + coloured * numbers[colour++ & mask];
  }
}

void damage(const Canvas& canvas, Dice& dice) {
  if (dice.chance(0.25)) blur(canvas, dice.ratio(0.5, 2.2));
  if (dice.chance(0.12)) blur_along(canvas, dice.angle(), 2 + dice.below(8));
  if (dice.chance(0.25)) lose_resolution(canvas, dice.ratio(1.3, 4.5));
  if (dice.chance(0.5)) add_noise(canvas, dice.ratio(0.004, 0.07), dice);
  if (dice.chance(0.18)) quantise_blocks(canvas, dice.ratio(8, 60), dice);
}

}  // namespace toonmirror::training
