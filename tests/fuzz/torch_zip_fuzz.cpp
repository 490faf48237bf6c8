// PyTorch's zip archives.
#include <string>

#include "checkpoint/python.h"
#include "fuzz/read_checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string file(data, data + size);
  // Anything else is the pickle in an archive: a changed byte in a whole file does not survive its checksum.
  if (!file.starts_with("PK")) {
    file = toonmirror::testing::zip_file({{.name = "x/data.pkl", .content = file},
                                          {.name = "x/data/0", .content = std::string(16, '\1')},
                                          {.name = "x/data/1", .content = std::string(64, '\2')}});
  }
  // On the heap, where reading beyond the end is noticed.
  const std::vector<uint8_t> bytes(file.begin(), file.end());
  toonmirror::checkpoint::read_whole_checkpoint(bytes);
  return 0;
}
