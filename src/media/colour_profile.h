// Photos whose numbers mean other colours than sRGB's: those of phones in Display P3, of cameras in Adobe RGB. By
// Little CMS.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace toonmirror::media {

// Whether an ICC profile is one of RGB pictures. Those of CMYK and of grey ones say nothing about RGB numbers.
bool is_rgb_profile(std::span<const uint8_t> icc);

// Pictures [pixels, 3] of 8 bits from a profile's colours to those of sRGB and back, relative colorimetric with black
// point compensation; where a profile means what sRGB means, as they are. Colours that the target lacks become its
// nearest. Throws Error for what is no profile of RGB pictures.
std::vector<uint8_t> to_srgb(const std::vector<uint8_t>& rgb, std::span<const uint8_t> icc);
std::vector<uint8_t> from_srgb(const std::vector<uint8_t>& rgb, std::span<const uint8_t> icc);

// The profile of pictures with the primaries of ITU-T H.273, as HEIF files name them, and sRGB's transfer curve; empty
// for sRGB's own and for others than those of Display P3 (12) and BT.2020 (9).
std::vector<uint8_t> profile_of_primaries(int primaries);

}  // namespace toonmirror::media
