// What mirroring a picture does to the 68 points of its face (iBUG-68 order).
#pragma once

#include <ATen/ATen.h>

namespace toonmirror::training {

// Points [..., 68, 2] of a face that was mirrored, under the names they have in the mirrored face: the eye on
// the picture's left is called the left one again. Whoever fits a face to a template by names needs this: a
// mirrored face with the old names fits only upside down.
at::Tensor renamed_after_mirroring(const at::Tensor& landmarks);

// The same with the points themselves mirrored, in a picture 256 px wide.
at::Tensor mirrored_landmarks(const at::Tensor& landmarks);

}  // namespace toonmirror::training
