#include "checkpoint/storage_reader.h"

#include <algorithm>
#include <string>

#include "checkpoint/pickle_text.h"

namespace toonmirror::checkpoint {

bool is_plain(const Storage& storage) {
  // A C++ bool must be 0 or 1; the file may have any byte there.
  const bool any_byte = storage.dtype != at::kBool;
  return any_byte && !storage.big_endian && !storage.blob->latin1_in_utf8;
}

void read_storage(const Storage& storage, const CopyBytes& copy, std::span<uint8_t> out) {
  const Blob& blob = *storage.blob;
  if (blob.latin1_in_utf8) {
    std::string encoded(blob.encoded_size, '\0');
    copy(blob.data, {reinterpret_cast<uint8_t*>(encoded.data()), encoded.size()});
    decode_latin1(encoded, out.data());
  } else {
    copy(blob.data, out);
  }
  if (storage.big_endian) {
    const size_t width = c10::elementSize(storage.dtype);
    for (size_t i = 0; i < out.size(); i += width) std::ranges::reverse(out.subspan(i, width));
  }
  if (storage.dtype == at::kBool) {
    for (uint8_t& byte : out) byte = byte != 0 ? 1 : 0;
  }
}

}  // namespace toonmirror::checkpoint
