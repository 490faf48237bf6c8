// Avatar packs for a motion model so small that whole packs fit into a fuzzer's inputs.
#include "base/error.h"
#include "fuzz/memory_file.h"
#include "toon/avatar_pack.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toonmirror;
  constexpr int64_t kSide_px = 4;
  nets::MotionModelOptions options;
  options.num_kp = 1;
  options.generator.block_expansion = 1;
  options.generator.num_down_blocks = 1;
  options.generator.warped_skips = 1;
  options.generator.dense_motion.hourglass.scale_factor = 0.5;
  const toonmirror::testing::MemoryFile pack({data, size});
  try {
    const checkpoint::SafetensorsFile file(pack.path());
    toon::check_avatar_picture(file);
    toon::check_avatar_motion(file, options, kSide_px);
    for (const auto& [name, tensor] : file.all()) tensor.clone();  // every byte can be read
  } catch (const Error&) {
  }
  return 0;
}
