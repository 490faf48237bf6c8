// dlib's 68 landmarks as sums of points of the face mesh, so that what was made for the one may be cut by the
// other.
#pragma once

#include <ATen/ATen.h>

namespace toonmirror::training {

// For nets::landmarks68_of(): [68, P], in each row 12 weights that add up to one, those of the points that
// are nearest to the landmark on average, fitted by ridge regression. points [N, P, ≥ 2], landmarks [N, 68,
// 2] in the same unit. A mesh that is turned, moved or enlarged has its landmarks turned, moved and
// enlarged. Throws Error for no faces.
at::Tensor fit_landmarks68(const at::Tensor& points, const at::Tensor& landmarks);

}  // namespace toonmirror::training
