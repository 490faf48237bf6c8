// Style files. Seeds name /proc/self/exe as their networks, which is there on every machine.
#include "base/error.h"
#include "fuzz/memory_file.h"
#include "toon/style.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const toonmirror::testing::MemoryFile file({data, size});
  try {
    const toonmirror::toon::Style style = toonmirror::toon::load_style(file.path());
    if (style.name.empty() || style.encoder.empty() || style.face.empty()) __builtin_trap();
  } catch (const toonmirror::Error&) {
  }
  return 0;
}
