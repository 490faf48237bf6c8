#include "nets/grow.h"

#include <cmath>

#include "base/error.h"
#include "nets/model_file.h"

namespace toonmirror::nets {
namespace {

// Ones as the styles, whatever w is.
void hear_nothing(const FullyConnected& affine) {
  affine->weight.zero_();
  affine->bias.fill_(1.0);
}

// Channel o of the result is one channel of what comes in. The weight has the norm that a new layer's has, so
// that a step of training changes as much of it.
void hand_on(const StyledConv& layer) {
  const int64_t out = layer->weight.size(0), in = layer->weight.size(1);
  layer->weight.zero_();
  for (int64_t o = 0; o < out; ++o) {
    layer->weight[o][o * in / out][1][1].fill_(std::sqrt(static_cast<double>(9 * in)));
  }
  layer->bias.zero_();
  hear_nothing(layer->affine);
  if (!layer->noise_const.defined()) return;
  layer->noise_const.normal_();
  layer->noise_strength.zero_();
}

}  // namespace

Generator grown(const Generator& generator, int64_t resolution, int64_t channels) {
  GeneratorOptions options = generator->options();
  const int64_t before = options.resolution, finest = options.channels.at(before);
  if (resolution <= before) {
    throw Error("a generator of " + std::to_string(before) + " px cannot grow to " +
                std::to_string(resolution));
  }
  if (channels < 1 || channels > finest) {
    throw Error("new blocks of " + std::to_string(channels) + " channels, not from 1 to the " +
                std::to_string(finest) + " of the finest block");
  }
  options.latent_rows = options.latent_count();
  options.resolution = resolution;
  for (int64_t r = 2 * before; r <= resolution; r *= 2) options.channels[r] = channels;
  options.check();
  const at::NoGradGuard no_grad;
  const WithoutInitialisation copied_next;
  Generator result(options);
  assign_earlier(*result, *generator, "the generator to grow");
  for (int64_t r = 2 * before; r <= resolution; r *= 2) {
    SynthesisBlockImpl& block = result->synthesis->block(r);
    hand_on(block.conv0);
    hand_on(block.conv1);
    block.torgb->weight.zero_();
    block.torgb->bias.zero_();
    hear_nothing(block.torgb->affine);
  }
  result->eval();
  return result;
}

}  // namespace toonmirror::nets
