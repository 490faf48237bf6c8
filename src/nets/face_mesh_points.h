// Which points of the face mesh lie where. The first 468 are MediaPipe's (Kartynnik et al. 2019, "Real-time
// Facial Surface Geometry from Monocular Video on Mobile GPUs"; google-ai-edge/mediapipe
// modules/face_geometry/data), the last ten those of the irises. Left and right are the picture's.
#pragma once

#include <array>
#include <cstdint>

namespace toonmirror::nets {

inline constexpr int64_t kSurfacePoints = 468;
inline constexpr int64_t kMeshPoints = 478;

// Irises: the centre, then four points of the border: towards the temple, above, towards the nose, below.
inline constexpr int64_t kIrisPoints = 5;
inline constexpr int64_t kLeftIris = 468, kRightIris = 473;

// Lids: the outer corner, the lower lid to the inner corner, then the upper lid between the corners, also
// from the outside in. Number k of the lower lid (1 … 7) lies under number k + kUpperLid.
inline constexpr int64_t kLidPoints = 16, kInnerCorner = 8, kUpperLid = 8;
using Lids = std::array<int64_t, kLidPoints>;
inline constexpr Lids kLeftLids = {33,  7,   163, 144, 145, 153, 154, 155,
                                   133, 246, 161, 160, 159, 158, 157, 173};
inline constexpr Lids kRightLids = {263, 249, 390, 373, 374, 380, 381, 382,
                                    362, 466, 388, 387, 386, 385, 384, 398};

inline constexpr int64_t kLeftEyeCorner = 33, kRightEyeCorner = 263;  // the outer ones
inline constexpr int64_t kLeftMouthCorner = 61, kRightMouthCorner = 291;
inline constexpr int64_t kBelowNose = 2;

// Lips as rings: the lower lip from the left corner to the right one, the upper lip back.
inline constexpr std::array<int64_t, 20> kOuterLips = {61,  146, 91,  181, 84,  17, 314, 405, 321, 375,
                                                       291, 409, 270, 269, 267, 0,  37,  39,  40,  185};
inline constexpr std::array<int64_t, 20> kInnerLips = {78,  95,  88,  178, 87,  14, 317, 402, 318, 324,
                                                       308, 415, 310, 311, 312, 13, 82,  81,  80,  191};
// Pairs of the inner lips, lower and upper.
inline constexpr std::array<std::array<int64_t, 2>, 5> kLipPairs = {
    {{178, 81}, {87, 82}, {14, 13}, {317, 312}, {402, 311}}};

inline constexpr std::array<int64_t, 20> kBrows = {70,  63,  105, 66,  107, 46,  53,  52,  65,  55,
                                                   300, 293, 334, 296, 336, 276, 283, 282, 295, 285};

// Around the face, clockwise on the screen from the forehead's middle.
inline constexpr std::array<int64_t, 36> kContour = {
    10,  338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58,  132, 93,  234, 127, 162, 21,  54,  103, 67,  109};

}  // namespace toonmirror::nets
