// What a build without oneDNN has instead: no plan ever, so that LibTorch computes.
#include "engine/plan.h"

namespace toonmirror::engine {

std::shared_ptr<ConvolutionPlan> make_plan(const ConvolutionOptions&, const at::Tensor&, at::IntArrayRef,
                                           bool) {
  return nullptr;
}

}  // namespace toonmirror::engine
