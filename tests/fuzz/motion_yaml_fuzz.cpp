// Configurations of published motion models.
#include "base/error.h"
#include "fuzz/memory_file.h"
#include "nets/motion_yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const toonmirror::testing::MemoryFile file({data, size});
  try {
    const toonmirror::nets::MotionModelOptions options = toonmirror::nets::read_motion_options(file.path());
    if (options.size_multiple_px() < 1 || options.least_size_px() < 1) __builtin_trap();
  } catch (const toonmirror::Error&) {
  }
  return 0;
}
