// What the face model's training begins with.
#pragma once

#include <vector>

#include "training/generator_trainer.h"
#include "training/pair_pack.h"

namespace toonmirror::training {

// One model per worker, of which the first has the weights that all of them train: those of options.start
// with what the architecture has gained since then, or untrained ones, begun as eigenfaces of the pack's
// photos. What a checkpoint of the run gives next is not prepared. Throws Error where `start` lacks a model,
// holds one of another architecture, or one whose latents are not those that the options keep.
std::vector<HouseModel> models_for(const GeneratorTrainingOptions& options, const PairPack& pack);

}  // namespace toonmirror::training
