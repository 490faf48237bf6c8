// What a style hears of the photo where there is skin.
#pragma once

#include "nets/stylegan2.h"

namespace toonmirror::nets {

// Multiplies features finer than options.finest_skin_features_px by 1 − share · skin. Fine features tell the
// colour of an iris, the line of a lid and where each lock of hair lies, and just as well pores, wrinkles and
// shadows, which a style that has a skin of its own would take over from the photo. `skin`: its share in each
// place, [N, 1, S, S] float in [0, 1], on the device of the features; N of 1 or theirs. `share`: the style's,
// in [0, 1], where it is blended with a face generator, which hears everything.
void quieten_on_skin(LikenessFeatures& features, const GeneratorOptions& options, const at::Tensor& skin,
                     double share = 1);

}  // namespace toonmirror::nets
