// A generator with the same weights and memory of its own.
#pragma once

#include "nets/stylegan2.h"

namespace toonmirror::nets {

// In evaluation mode, on the CPU.
Generator copy_of(const Generator& generator);

}  // namespace toonmirror::nets
