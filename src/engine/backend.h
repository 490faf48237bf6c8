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

// Whether networks are faster in bfloat16 than in float here: on processors with matrix units (AMX), and on
// AMD's with instructions for bfloat16, which do twice as many multiplications. Intel's without AMX are
// slower in it. Obeys ONEDNN_MAX_CPU_ISA.
bool bfloat16_pays();

// Whether networks that are prepared from now on, in the whole program, multiply 8-bit integers where a
// convolution has channels enough (ConvolutionOptions::int8). False at first.
void set_int8(bool enabled);
bool int8();

// Whether this processor has instructions for that (VNNI, AMX).
bool int8_pays();

}  // namespace toonmirror::engine
