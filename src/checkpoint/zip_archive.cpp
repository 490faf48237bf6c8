#include "checkpoint/zip_archive.h"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.h"
#include "checkpoint/byte_reader.h"
#include "checkpoint/pickle_text.h"

namespace toonmirror::checkpoint {
namespace {

constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr uint32_t kEntrySignature = 0x02014b50;
constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kEnd64Signature = 0x06064b50;
constexpr uint32_t kLocator64Signature = 0x07064b50;
constexpr uint64_t kLocalBytes = 30;
constexpr uint64_t kEntryBytes = 46;
constexpr uint64_t kEndBytes = 22;
constexpr uint64_t kEnd64Bytes = 56;
constexpr uint64_t kLocatorBytes = 20;
constexpr uint64_t kMaxCommentBytes = 0xffff;
constexpr uint16_t kZip64Field = 1;
constexpr uint16_t kEncrypted = 1 | 1 << 6 | 1 << 13;
constexpr uint16_t kIn64_16 = 0xffff;  // a value that is in the zip64 structures instead
constexpr uint32_t kIn64_32 = 0xffffffff;

using Bytes = std::span<const uint8_t>;

[[noreturn]] void fail(const std::string& problem) {
  throw Error("is a damaged zip archive: " + problem, kIncompleteHint);
}

// A reader of the `size` bytes at `offset`.
ByteReader reader_at(Bytes file, uint64_t offset, uint64_t size, const char* what) {
  if (offset > file.size() || size > file.size() - offset) {
    fail(fmt::format("{} beyond the end of the file", what));
  }
  return ByteReader(file.subspan(offset, size));
}

struct Directory {
  uint64_t entries = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
};

// The last end record: the one whose comment reaches exactly to the end of the file.
uint64_t find_end(Bytes file) {
  const uint64_t reach = std::min<uint64_t>(file.size(), kEndBytes + kMaxCommentBytes);
  for (uint64_t back = kEndBytes; back <= reach; ++back) {
    ByteReader reader(file.last(back));
    if (reader.number<uint32_t>("") != kEndSignature) continue;
    reader.take(16, "");
    if (reader.number<uint16_t>("") == back - kEndBytes) return file.size() - back;
  }
  throw Error("is a zip archive that is cut off: its directory, which comes last, is missing",
              kIncompleteHint);
}

Directory read_end64(Bytes file, uint64_t end) {
  ByteReader locator = reader_at(file, end - kLocatorBytes, kLocatorBytes, "a locator");
  locator.take(8, "a locator");
  ByteReader record = reader_at(file, locator.number<uint64_t>("an offset"), kEnd64Bytes, "an end record");
  if (record.number<uint32_t>("a signature") != kEnd64Signature) fail("no end record where it should be");
  record.take(20, "an end record");
  Directory result;
  const auto here = record.number<uint64_t>("a count");
  result.entries = record.number<uint64_t>("a count");
  if (here != result.entries) fail("it has several parts");
  result.size = record.number<uint64_t>("a size");
  result.offset = record.number<uint64_t>("an offset");
  return result;
}

Directory find_directory(Bytes file) {
  const uint64_t end = find_end(file);
  const bool has_locator =
      end >= kLocatorBytes &&
      ByteReader(file.subspan(end - kLocatorBytes)).number<uint32_t>("") == kLocator64Signature;
  ByteReader record(file.subspan(end));
  record.take(8, "an end record");
  Directory result;
  const auto here = record.number<uint16_t>("a count");
  result.entries = record.number<uint16_t>("a count");
  result.size = record.number<uint32_t>("a size");
  result.offset = record.number<uint32_t>("an offset");
  if (here != result.entries) fail("it has several parts");
  const bool in64 = result.entries == kIn64_16 || result.size == kIn64_32 || result.offset == kIn64_32;
  if (has_locator) {
    const Directory result64 = read_end64(file, end);
    const bool agree = (result.entries == kIn64_16 || result.entries == result64.entries) &&
                       (result.size == kIn64_32 || result.size == result64.size) &&
                       (result.offset == kIn64_32 || result.offset == result64.offset);
    if (!agree) fail("its two directories differ");
    result = result64;
  } else if (in64) {
    fail("its directory is missing");
  }
  if (result.offset > end || result.size > end - result.offset)
    fail("its directory lies beyond the end of the file");
  if (result.entries > result.size / kEntryBytes) {
    fail(fmt::format("it declares {} records, more than its directory can hold", result.entries));
  }
  return result;
}

struct Entry {
  std::string name;
  uint64_t size = 0;
  uint64_t compressed_size = 0;
  uint64_t offset = 0;  // of the local header
  uint32_t crc32 = 0;
  bool compressed = false;
};

// Sizes and offset of 64 bits, in this order, each only where its field of 32 bits says so.
void read_extra64(Entry& entry, Bytes extra) {
  ByteReader fields(extra);
  while (fields.left() > 0) {
    const auto kind = fields.number<uint16_t>("an extra field");
    ByteReader field(fields.take(fields.number<uint16_t>("an extra field"), "an extra field"));
    if (kind != kZip64Field) continue;
    for (uint64_t* value : {&entry.size, &entry.compressed_size, &entry.offset}) {
      if (*value == kIn64_32) *value = field.number<uint64_t>("an extra field");
    }
    return;
  }
}

void check_name(const std::string& name) {
  const bool absolute = name.starts_with('/') || (name.size() > 1 && name[1] == ':');
  const bool odd = name.find_first_of(std::string_view("\\\0", 2)) != std::string::npos;
  const bool leads_out = ("/" + name + "/").find("/../") != std::string::npos;
  if (name.empty() || absolute || odd || leads_out) {
    throw Error("is a zip archive with the record '" + printable(name) +
                "', a name that leads elsewhere: refused");
  }
}

Entry read_entry(ByteReader& directory) {
  if (directory.number<uint32_t>("an entry") != kEntrySignature) fail("its directory is broken");
  directory.take(4, "an entry");
  const auto flags = directory.number<uint16_t>("an entry");
  const auto method = directory.number<uint16_t>("an entry");
  directory.take(4, "an entry");
  Entry entry;
  entry.crc32 = directory.number<uint32_t>("an entry");
  entry.compressed_size = directory.number<uint32_t>("an entry");
  entry.size = directory.number<uint32_t>("an entry");
  const auto name_size = directory.number<uint16_t>("an entry");
  const auto extra_size = directory.number<uint16_t>("an entry");
  const auto comment_size = directory.number<uint16_t>("an entry");
  directory.take(8, "an entry");
  entry.offset = directory.number<uint32_t>("an entry");
  const Bytes name = directory.take(name_size, "a name");
  entry.name.assign(name.begin(), name.end());
  check_name(entry.name);
  read_extra64(entry, directory.take(extra_size, "an extra field"));
  directory.take(comment_size, "a comment");
  if ((flags & kEncrypted) != 0) throw Error("is an encrypted zip archive");
  entry.compressed = method != 0 || entry.size != entry.compressed_size;
  return entry;
}

// Throws Error where a record is compressed: whether PyTorch's own, or because the archive is none of PyTorch's.
void check_uncompressed(const std::vector<Entry>& entries) {
  const auto compressed = std::ranges::find_if(entries, &Entry::compressed);
  if (compressed == entries.end()) return;
  const auto model = std::ranges::find_if(entries, is_packed_model, &Entry::name);
  if (model != entries.end()) refuse_packed_model(model->name);
  throw Error("is a zip archive with the compressed record " + printable(compressed->name) +
                  "; PyTorch never compresses",
              "unpack it and pack it again without compression: zip -0 -r");
}

// Where a record lies, from its local header to its last byte.
struct Extent {
  uint64_t begin = 0;
  uint64_t end = 0;
};

// `limit`: where the directory begins.
std::pair<Extent, Bytes> locate(const Entry& entry, Bytes file, uint64_t limit) {
  ByteReader header = reader_at(file.first(limit), entry.offset, kLocalBytes, "a record");
  if (header.number<uint32_t>("a record") != kLocalSignature) fail("no record where one should be");
  header.take(22, "a record");
  const auto name_size = header.number<uint16_t>("a record");
  const auto extra_size = header.number<uint16_t>("a record");
  const uint64_t after_header = entry.offset + kLocalBytes;
  ByteReader rest = reader_at(file.first(limit), after_header, limit - after_header, "a record");
  const Bytes name = rest.take(name_size, "a name");
  if (!std::ranges::equal(name, entry.name, {}, {},
                          [](char letter) { return static_cast<uint8_t>(letter); })) {
    fail("its directory gives record " + printable(entry.name) + " another name");
  }
  rest.take(extra_size, "an extra field");
  const Bytes bytes = rest.take(entry.size, "a record");
  return {{entry.offset, after_header + rest.position()}, bytes};
}

}  // namespace

std::map<std::string, ZipRecord, std::less<>> read_zip(Bytes file) {
  const Directory directory = find_directory(file);
  ByteReader reader(file.subspan(directory.offset, directory.size));
  std::map<std::string, ZipRecord, std::less<>> records;
  std::vector<Entry> entries;
  for (uint64_t i = 0; i < directory.entries; ++i) entries.push_back(read_entry(reader));
  check_uncompressed(entries);
  std::vector<Extent> extents;
  for (Entry& entry : entries) {
    const auto [extent, bytes] = locate(entry, file, directory.offset);
    extents.push_back(extent);
    const std::string name = printable(entry.name);
    if (!records.emplace(std::move(entry.name), ZipRecord{bytes, entry.crc32}).second) {
      throw Error("is a zip archive with two records named " + name + ": refused");
    }
  }
  if (reader.left() > 0) fail("its directory holds more than it declares");
  std::ranges::sort(extents, {}, &Extent::begin);
  for (size_t i = 1; i < extents.size(); ++i) {
    if (extents[i].begin < extents[i - 1].end) fail("its records overlap");
  }
  return records;
}

bool is_packed_model(std::string_view record) {
  constexpr std::array<std::string_view, 7> kEndings = {".pt",  ".pth", ".ckpt",       ".pkl",
                                                        ".tar", ".bin", ".safetensors"};
  return !record.ends_with("/data.pkl") &&
         std::ranges::any_of(kEndings, [&](std::string_view ending) { return record.ends_with(ending); });
}

void refuse_packed_model(std::string_view record) {
  throw Error("is a zip archive around a model file", "unpack it and use " + printable(record));
}

uint32_t crc32_of(Bytes bytes) { return static_cast<uint32_t>(::crc32_z(0, bytes.data(), bytes.size())); }

}  // namespace toonmirror::checkpoint
