// What a build without oneDNN has instead: no plan ever, so that LibTorch computes.
#include "engine/backend.h"
#include "engine/plan.h"

namespace toonmirror::engine {

std::shared_ptr<ConvolutionPlan> make_plan(const ConvolutionOptions&, const at::Tensor&, at::IntArrayRef,
                                           bool) {
  return nullptr;
}

bool bfloat16_pays() { return false; }
bool int8_pays() { return false; }

}  // namespace toonmirror::engine
