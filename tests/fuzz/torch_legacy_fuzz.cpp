// PyTorch's format before version 1.6.
#include <array>

#include "fuzz/read_checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Always begun in the right way: chance would hardly keep 15 bytes as they must be.
  constexpr std::array<uint8_t, 15> kMagic = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                              0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
  std::vector<uint8_t> file(data, data + size);
  if (size >= kMagic.size()) std::copy(kMagic.begin(), kMagic.end(), file.begin());
  toonmirror::checkpoint::read_whole_checkpoint(file);
  return 0;
}
