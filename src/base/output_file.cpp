#include "base/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace toonmirror {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestStem = 200;  // leaves room for ".partial-…" within the 255 bytes of a file name
constexpr int kNameAttempts = 16;

std::string random_hex() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::random_device random;
  std::string digits(8, '0');
  for (char& digit : digits) digit = kDigits[random() % 16];
  return digits;
}

[[noreturn]] void throw_unwritable(const fs::path& target, int reason) {
  throw Error(target.string() + ": cannot be written: " + std::strerror(reason),
              reason == ENOSPC ? "free some disk space" : "choose another output");
}

fs::path create_temporary(const fs::path& target) {
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const std::string stem = target.stem().string().substr(0, kLongestStem);
  for (int attempt = 0; attempt < kNameAttempts; ++attempt) {
    fs::path path = folder / ("." + stem + ".partial-" + random_hex() + target.extension().string());
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0) {
      ::close(file);
      return path;
    }
    if (errno != EEXIST) throw_unwritable(target, errno);
  }
  throw_unwritable(target, EEXIST);
}

}  // namespace

OutputFile::OutputFile(fs::path target) : target_(std::move(target)) {
  std::error_code unknown;
  if (target_.empty()) throw Error("the output has no file name");
  const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
  if (!fs::exists(folder, unknown)) {
    throw Error(target_.string() + ": the folder " + folder.string() + " does not exist",
                "create it first: mkdir -p '" + folder.string() + "'");
  }
  if (!fs::is_directory(folder, unknown)) {
    throw Error(target_.string() + ": " + folder.string() + " is not a folder");
  }
  // A symbolic link stays one: what it points to is replaced.
  if (fs::is_symlink(target_, unknown)) target_ = fs::weakly_canonical(target_, unknown);
  if (fs::is_directory(target_, unknown)) {
    throw Error(target_.string() + ": is a folder", "name a file in it");
  }
  if (fs::exists(target_, unknown)) {
    if (!fs::is_regular_file(target_, unknown)) throw Error(target_.string() + ": is not a regular file");
    if (::access(target_.c_str(), W_OK) != 0) throw_unwritable(target_, errno);
  }
  temporary_ = create_temporary(target_);
}

OutputFile::~OutputFile() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove(temporary_, ignored);
}

void OutputFile::commit() {
  std::error_code failure;
  fs::rename(temporary_, target_, failure);
  if (failure) throw_unwritable(target_, failure.value());
  temporary_.clear();
}

}  // namespace toonmirror
