// The mapping network of the house face model: what makes seeds sample faces that the encoder could have
// found.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_file.h"
#include "nets/house_encoder.h"
#include "nets/stylegan2.h"
#include "training/latent_flow.h"
#include "training/pair_pack.h"

namespace toonmirror::training {

struct EncodedPhotos {
  at::Tensor w;       // [N, w_dim]
  at::Tensor w_plus;  // [N, latent_count, w_dim]
};
// What the encoder makes of all training photos.
EncodedPhotos encode_all(const PairPack& pack, nets::HouseEncoder& encoder, at::ScalarType type);

// Sets a mapping of two layers so that normal z give what its last activation makes of a normal distribution:
// the one with the mean and the principal axes that `latents` have before that activation, as many axes as
// fit, half the width, and at most 48. Sets mapping.w_avg to the mean of the latents. Returns the share of
// the variance that these axes hold. Throws Error for a mapping of another depth. What a generator's training
// ends with; train_flow and distil_flow make more of it.
double fit_mapping(const at::Tensor& latents, nets::Generator& generator);

struct MappingTrainingOptions {
  RunOptions run;
  int64_t layers = 6;          // an even number
  double lr_multiplier = 1.0;  // stored weights are of unit size, for which the loop's usual rates are right
  // Seeds whose latents the flow gives in advance, and which are then learned again and again: a latent costs
  // 25 times as much as to learn it.
  int64_t pairs = 100'000;
  int64_t flow_steps = 12;  // of Heun's method
};

// A copy of the generator whose mapping learns (or goes on learning) to give in one pass what the flow gives
// of the same z, normalised as the mapping does it. It begins as the Gaussian of the latents' mean and
// covariance, exactly, and w_avg is their mean. Errors are counted along the principal axes by the latents'
// deviation there. The log's fresh is that loss for seeds it does not learn from, in which 1 is the latents'
// own variance. A sheet has four rows: portraits of held-out people from w alone; seeds by the generator's
// own mapping; by the flow; by the mapping that learns. Throws Error for an odd number of layers and where
// z_dim is less than the flow's axes; Interrupted on Ctrl-C.
nets::Generator distil_flow(const MappingTrainingOptions& options, const LatentFlow& flow,
                            const LatentSet& latents, nets::Generator generator, RunHooks hooks,
                            const PictureWriter& write_picture);

// The share of the variance of what the flow gives of fresh z that the mapping misses: of w, and of whitened
// coordinates weighted as in distil_flow.
struct Unexplained {
  double of_w = 0;
  double weighted = 0;
};
Unexplained unexplained(const LatentFlow& flow, nets::Mapping mapping, int64_t z_dim);

// How near samples of latents are to held-out people's.
struct SampleFigures {
  std::string name;
  double mean = 0;        // distance of the means, in lengths of the held-out latents' deviation
  double covariance = 0;  // difference of the covariances, as a share of that of held-out latents
  double energy = 0;      // energy distance along the leading axes, whitened
  // Distance to the nearest training latent along these axes, in units of that of held-out people, medians:
  // well below 1 means people learned by heart, well above 1 nobody.
  double nearest = 0;
};
// Of training latents, what the best possible has; the Gaussian of their mean and covariance; the flow; the
// mapping; and the mapping `before`. Needs held-out latents.
std::vector<SampleFigures> compare_samples(const LatentSet& latents, const LatentFlow& flow,
                                           nets::Mapping mapping, nets::Mapping before, int64_t z_dim);

// A copy of `generator` with the mapping network of `source`.
nets::Generator with_mapping_of(const nets::Generator& source, const nets::Generator& generator);

// Writes the child in `file` once more, as `output` beside `parent`, which is the face model `before` with
// another mapping. A child that had the mapping of `before` gets the new one, another one is written complete
// in itself; all else stays, metadata included. Throws Error where it is no house generator of the same
// family.
void save_child_again(const checkpoint::CheckpointFile& file, const nets::Generator& before,
                      const checkpoint::CheckpointFile& parent, const std::filesystem::path& output);

}  // namespace toonmirror::training
