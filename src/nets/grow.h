// A generator that draws larger than it learned to, to be trained on: progressive growing (Karras et al.
// 2018, "Progressive Growing of GANs", section 2), in the skip architecture without fading in.
#pragma once

#include "nets/stylegan2.h"

namespace toonmirror::nets {

// A copy of the generator with blocks up to `resolution`, each of `channels`. The new blocks hand on the
// finest features, a channel to each, and add nothing to the picture yet: that is upsample_2x's of the
// smaller picture, exactly. Nothing of them is random, so that a face model and its children, grown alike,
// can still be blended. W+ keeps its rows. Throws Error unless resolution is a larger power of two, up to
// 1024, and the channels are at least one and no more than the finest block has.
Generator grown(const Generator& generator, int64_t resolution, int64_t channels);

}  // namespace toonmirror::nets
