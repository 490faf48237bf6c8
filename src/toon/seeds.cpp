#include "toon/seeds.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <random>
#include <string_view>

#include "base/error.h"

namespace toonmirror::toon {
namespace {

constexpr size_t kMostSeeds = 4096;

Error not_seeds(const std::string& text) {
  return Error("'" + text + "' is not a list of seeds", "give numbers and ranges such as 0-15 or 3,7,20-29");
}

uint32_t parse_seed(std::string_view digits, const std::string& text) {
  uint32_t seed = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
  if (failure != std::errc() || end != digits.data() + digits.size()) throw not_seeds(text);
  return seed;
}

// The normal numbers of numpy's RandomState (numpy/random/src/legacy/legacy-distributions.c, legacy_gauss).
class NumpyNormal {
 public:
  explicit NumpyNormal(uint32_t seed) : bits_(seed) {}

  double next() {
    if (spare_) return *std::exchange(spare_, std::nullopt);
    while (true) {
      const double x = 2.0 * uniform() - 1.0, y = 2.0 * uniform() - 1.0;
      const double square = x * x + y * y;
      if (square >= 1.0 || square == 0.0) continue;
      const double factor = std::sqrt(-2.0 * std::log(square) / square);
      spare_ = factor * x;
      return factor * y;
    }
  }

 private:
  double uniform() {  // [0, 1), 53 bits
    const uint32_t high = bits_() >> 5, low = bits_() >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }

  std::mt19937 bits_;
  std::optional<double> spare_;
};

}  // namespace

std::vector<uint32_t> parse_seeds(const std::string& text) {
  std::vector<uint32_t> seeds;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view part = std::string_view(text).substr(begin, end - begin);
    const size_t dash = part.find('-');
    const uint32_t first = parse_seed(part.substr(0, dash), text);
    const uint32_t last = dash == std::string_view::npos ? first : parse_seed(part.substr(dash + 1), text);
    if (last < first) throw not_seeds(text);
    if (last - first >= kMostSeeds - seeds.size()) {
      throw Error("'" + text + "' are more than " + std::to_string(kMostSeeds) + " seeds");
    }
    for (uint32_t i = 0; i <= last - first; ++i) seeds.push_back(first + i);
    begin = end + 1;
  }
  return seeds;
}

at::Tensor latent_of_seed(uint32_t seed, int64_t z_dim) {
  NumpyNormal normal(seed);
  at::Tensor z = at::empty({1, z_dim});
  float* numbers = z.data_ptr<float>();
  for (int64_t i = 0; i < z_dim; ++i) numbers[i] = static_cast<float>(normal.next());
  return z;
}

at::Tensor picture_grid(const std::vector<at::Tensor>& pictures, int64_t columns) {
  const auto count = static_cast<int64_t>(pictures.size());
  if (count == 0) throw Error("no pictures for a grid");
  if (columns < 1) columns = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  columns = std::min(columns, count);
  const int64_t rows = (count + columns - 1) / columns;
  const int64_t height = pictures[0].size(1);
  const int64_t width = pictures[0].size(2);
  at::Tensor grid = at::ones({3, rows * height, columns * width}, pictures[0].options());
  for (int64_t i = 0; i < count; ++i) {
    grid.narrow(1, i / columns * height, height).narrow(2, i % columns * width, width).copy_(pictures[i]);
  }
  return grid;
}

}  // namespace toonmirror::toon
