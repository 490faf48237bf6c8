// Who computes the networks.
#pragma once

namespace toonmirror::engine {

enum class Backend {
  kTorch,   // LibTorch's operations as the reference code uses them, in float: slow, and what the rest is
            // compared with
  kOneDnn,  // prepared convolutions (convolution.h) and fused passes; LibTorch's where oneDNN is absent
};

// For networks that are prepared from now on, in the whole program; kOneDnn at first. Set it while nothing is
// prepared.
void set_backend(Backend backend);
Backend backend();

// Whether this build has oneDNN.
bool has_onednn();

}  // namespace toonmirror::engine
