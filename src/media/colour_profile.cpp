#include "media/colour_profile.h"

#include <lcms2.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "base/error.h"

namespace toonmirror::media {
namespace {

struct Close {
  void operator()(void* profile) const { cmsCloseProfile(profile); }
};
using Profile = std::unique_ptr<void, Close>;
struct Delete {
  void operator()(void* transform) const { cmsDeleteTransform(transform); }
};
using Transform = std::unique_ptr<void, Delete>;

Profile open_profile(std::span<const uint8_t> icc) {
  Profile profile(cmsOpenProfileFromMem(icc.data(), static_cast<cmsUInt32Number>(icc.size())));
  if (!profile || cmsGetColorSpace(profile.get()) != cmsSigRgbData) {
    throw Error("its ICC profile is not one of RGB pictures");
  }
  return profile;
}

Transform transform_between(void* from, void* to) {
  Transform transform(cmsCreateTransform(from, TYPE_RGB_8, to, TYPE_RGB_8, INTENT_RELATIVE_COLORIMETRIC,
                                         cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_NOCACHE));
  if (!transform) throw Error("its ICC profile cannot be used");
  return transform;
}

// Whether a grid of colours stays what it is to a level, which profiles of sRGB differ by among themselves.
bool changes_nothing(void* transform) {
  constexpr int kStep = 51;
  for (int r = 0; r <= 255; r += kStep) {
    for (int g = 0; g <= 255; g += kStep) {
      for (int b = 0; b <= 255; b += kStep) {
        const std::array<uint8_t, 3> in = {static_cast<uint8_t>(r), static_cast<uint8_t>(g),
                                           static_cast<uint8_t>(b)};
        std::array<uint8_t, 3> out{};
        cmsDoTransform(transform, in.data(), out.data(), 1);
        for (size_t c = 0; c < 3; ++c) {
          if (std::abs(int{in.at(c)} - int{out.at(c)}) > 1) return false;
        }
      }
    }
  }
  return true;
}

std::vector<uint8_t> transformed(const std::vector<uint8_t>& rgb, void* from, void* to) {
  const Transform transform = transform_between(from, to);
  if (changes_nothing(transform.get())) return rgb;
  std::vector<uint8_t> result(rgb.size());
  cmsDoTransform(transform.get(), rgb.data(), result.data(), static_cast<cmsUInt32Number>(rgb.size() / 3));
  return result;
}

}  // namespace

bool is_rgb_profile(std::span<const uint8_t> icc) {
  const Profile profile(cmsOpenProfileFromMem(icc.data(), static_cast<cmsUInt32Number>(icc.size())));
  return profile && cmsGetColorSpace(profile.get()) == cmsSigRgbData;
}

std::vector<uint8_t> to_srgb(const std::vector<uint8_t>& rgb, std::span<const uint8_t> icc) {
  const Profile profile = open_profile(icc), srgb(cmsCreate_sRGBProfile());
  return transformed(rgb, profile.get(), srgb.get());
}

std::vector<uint8_t> from_srgb(const std::vector<uint8_t>& rgb, std::span<const uint8_t> icc) {
  const Profile profile = open_profile(icc), srgb(cmsCreate_sRGBProfile());
  return transformed(rgb, srgb.get(), profile.get());
}

std::vector<uint8_t> profile_of_primaries(int primaries) {
  constexpr int kBt2020 = 9, kDisplayP3 = 12;
  constexpr cmsCIExyY kD65 = {0.3127, 0.3290, 1.0};
  cmsCIExyYTRIPLE points = {{0.708, 0.292, 1.0}, {0.170, 0.797, 1.0}, {0.131, 0.046, 1.0}};
  if (primaries == kDisplayP3) points = {{0.680, 0.320, 1.0}, {0.265, 0.690, 1.0}, {0.150, 0.060, 1.0}};
  if (primaries != kBt2020 && primaries != kDisplayP3) return {};
  // IEC 61966-2-1: ((x + .055) / 1.055)^2.4, below .04045 x / 12.92.
  constexpr std::array<double, 5> kCurve = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  constexpr int kPiecewise = 4;
  cmsToneCurve* curve = cmsBuildParametricToneCurve(nullptr, kPiecewise, kCurve.data());
  std::array<cmsToneCurve*, 3> curves = {curve, curve, curve};
  const Profile profile(cmsCreateRGBProfile(&kD65, &points, curves.data()));
  cmsFreeToneCurve(curve);
  cmsUInt32Number size = 0;
  if (!profile || cmsSaveProfileToMem(profile.get(), nullptr, &size) == 0) return {};
  std::vector<uint8_t> icc(size);
  cmsSaveProfileToMem(profile.get(), icc.data(), &size);
  return icc;
}

}  // namespace toonmirror::media
