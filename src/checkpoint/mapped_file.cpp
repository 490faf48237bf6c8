#include "checkpoint/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <string>

#include "base/error.h"

namespace toonmirror::checkpoint {

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe without a writer must not block
  if (file_ < 0) throw Error(path.string() + ": cannot be opened: " + std::strerror(errno));
  std::string problem;
  struct stat status {};
  if (::fstat(file_, &status) != 0 || !S_ISREG(status.st_mode)) {
    problem = "is not a file";
  } else if (status.st_size == 0) {
    problem = "is empty";
  } else {
    const auto size = static_cast<size_t>(status.st_size);
    void* address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file_, 0);
    if (address != MAP_FAILED) {
      bytes_ = {static_cast<uint8_t*>(address), size};
      return;
    }
    problem = std::string("cannot be mapped: ") + std::strerror(errno);
  }
  ::close(file_);
  throw Error(path.string() + ": " + problem, status.st_size == 0 ? "download or copy it again" : "");
}

MappedFile::~MappedFile() {
  ::munmap(bytes_.data(), bytes_.size());
  ::close(file_);
}

bool MappedFile::contains(const uint8_t* data, uint64_t size) const {
  const std::less_equal<> not_after;
  if (!not_after(bytes_.data(), data) || !not_after(data, bytes_.data() + bytes_.size())) return false;
  return size <= static_cast<uint64_t>(bytes_.data() + bytes_.size() - data);
}

void MappedFile::forget(std::span<const uint8_t> bytes) const {
  if (!contains(bytes.data(), bytes.size())) return;
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto whole_pages = [&](const uint8_t* end) { return (end - bytes_.data()) / page * page; };
  const size_t begin = whole_pages(bytes.data()), end = whole_pages(bytes.data() + bytes.size());
  // Failing costs memory, nothing else. The first page may be shared with what was read before: it comes
  // back.
  if (end > begin) ::madvise(bytes_.data() + begin, end - begin, MADV_DONTNEED);
}

void MappedFile::read(const uint8_t* data, std::span<uint8_t> out) const {
  while (!out.empty()) {
    const ssize_t count = ::pread(file_, out.data(), out.size(), data - bytes_.data());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(path_.string() + ": cannot be read: " + std::strerror(errno));
    if (count == 0) throw Error(path_.string() + ": was shortened while it was read");
    out = out.subspan(static_cast<size_t>(count));
    data += count;
  }
}

}  // namespace toonmirror::checkpoint
