// Chance, as what varies samples asks for it.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>

namespace toonmirror::training {

class Dice {
 public:
  explicit Dice(std::mt19937_64& random) : random_(random) {}

  // In [low, high).
  double between(double low, double high) { return low + (high - low) * share(); }
  float betweenf(double low, double high) { return static_cast<float>(between(low, high)); }
  // The same with equal chances for equal ratios.
  double ratio(double low, double high) { return low * std::pow(high / low, share()); }
  double around(double width) { return between(-width, width); }
  double angle() { return between(-std::numbers::pi, std::numbers::pi); }
  bool chance(double share_of_all) { return share() < share_of_all; }
  // 0 … count − 1.
  int64_t below(int64_t count) { return static_cast<int64_t>(share() * static_cast<double>(count)); }

 private:
  double share() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }

  std::mt19937_64& random_;
};

}  // namespace toonmirror::training
