// Convolutions in bfloat16 around arithmetic in float.
#pragma once

#include <ATen/autocast_mode.h>

namespace toonmirror::nets {

// While one lives, LibTorch's autocast runs this thread's convolutions and matrix products on processors in
// `type` (kBFloat16; kFloat: nothing changes). Weights are converted at their first use and kept until the
// outermost ends.
class MixedPrecision {
 public:
  explicit MixedPrecision(at::ScalarType type) : before_(at::autocast::is_cpu_enabled()) {
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_cpu_enabled(before_ || type == at::kBFloat16);
    at::autocast::increment_nesting();
  }
  ~MixedPrecision() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_cpu_enabled(before_);
  }
  MixedPrecision(const MixedPrecision&) = delete;
  MixedPrecision& operator=(const MixedPrecision&) = delete;

 private:
  bool before_;
};

}  // namespace toonmirror::nets
