// The pickle machine and everything behind it: TensorFlow's and stylegan2-ada-pytorch's files.
#include "fuzz/read_checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  toonmirror::checkpoint::read_whole_checkpoint({data, size});
  return 0;
}
