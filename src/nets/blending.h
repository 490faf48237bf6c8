// Blending of two generators by layers (Pinkney and Adler 2020, "Resolution Dependent GAN Interpolation for
// Controllable Image Synthesis Between Domains"): every tensor of the result is low · (1 − share) + high ·
// share, with shares that depend on the layer. A plan says the shares; the three ways to make one follow
// justinpinkney/stylegan2 blend_models.py, williamyang1991/VToonify util.py (blend_models), and our own
// list of layers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/safetensors.h"
#include "nets/stylegan2.h"

namespace toonmirror::nets {

// Canonical tensor name → share of the second network, in [0, 1]. Tensors that are not in the plan are the
// first network's, whatever the second's are.
using BlendPlan = std::map<std::string, double>;

// blend_models.py: `low` gives the layers below the split, `high` those above. `resolution` is a power of two
// from 4 to the generator's; `level` 0 splits before that block's up-sampling layer, 1 after it. Width 0: a
// hard switch, which is the reference's x > 1 in positions (two per block), so one layer above the split is
// still low's; otherwise 1 / (1 + exp(−x / width)). The 4×4 convolution, the mapping network, the average
// latent and the noise pictures are always low's. Throws Error for numbers out of range.
BlendPlan pinkney_plan(const GeneratorOptions& options, int64_t resolution, int level, double width);

// VToonify: one weight in [0, 1] of the fine-tuned network (second) per layer: the 4×4 convolution, its
// toRGB, then for each block the two convolutions and toRGB numbered as its util.py numbers them. The face
// network (first) gives mapping, constant and noise pictures. Throws Error unless there is a weight for every
// layer (layer_rows of the options).
BlendPlan vtoonify_plan(const GeneratorOptions& options, const std::vector<double>& weights);

// One weight per convolution from coarse to fine, 2·log2(resolution) − 3 of them (4×4 has one, each further
// block two); toRGB follows the last convolution of its block, the constant the first. A shorter list is a
// curve: it is stretched over the layers by linear interpolation. Throws Error for an empty or longer list
// and for weights outside [0, 1].
BlendPlan layers_plan(const GeneratorOptions& options, const std::vector<double>& weights);

// Throws Error, naming the first tensor and both shapes, unless both can be blended.
void check_blendable(const checkpoint::NamedTensors& low, const checkpoint::NamedTensors& high);

// Shares are computed in double and applied in float, as the reference does. Tensors with share 0 or 1 are
// the sources' own, not copies.
checkpoint::NamedTensors blend_tensors(const checkpoint::NamedTensors& low,
                                       const checkpoint::NamedTensors& high, const BlendPlan& plan);

// One network of a mixture.
struct MixPart {
  const checkpoint::NamedTensors* tensors;
  BlendPlan weights;  // of every layer, as layers_plan gives them; all parts' plans name the same tensors
};

// Σ weight · tensor over all parts, weights scaled to the sum 1 in every layer. What the plans do not name
// (mapping network, noise pictures) is the first's. Throws Error unless all can be blended with the first, or
// where a layer has no weight above 0.
checkpoint::NamedTensors mix_tensors(const std::vector<MixPart>& parts);

}  // namespace toonmirror::nets
