// Making one generator out of a face generator and its child.
#pragma once

#include "nets/stylegan2.h"
#include "toon/style.h"

namespace toonmirror::toon {

// A generator whose parameters of block R, synthesis.bR.*, are face + share · (child − face) with the blend's
// share for R; the mapping network is the face's. Neither source is changed. Throws Error where the two
// differ in shape.
nets::Generator blend_generators(const nets::Generator& face, const nets::Generator& child,
                                 const Blend& blend);

// The generator of a style: its face, blended with its child where it has one; not yet prepared. Throws Error
// as reading the files does, and where the two are of different families.
nets::Generator load_blended_generator(const Style& style);

}  // namespace toonmirror::toon
