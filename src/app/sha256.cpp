#include "app/sha256.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"

namespace toonmirror::app {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

std::string sha256_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string() + ": cannot be opened: " + std::strerror(errno));
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  bool healthy = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  std::vector<char> piece(kPieceBytes);
  while (healthy && file) {
    throw_if_interrupted();
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    healthy = EVP_DigestUpdate(context.get(), piece.data(), static_cast<size_t>(file.gcount())) == 1;
  }
  if (file.bad()) throw Error(path.string() + ": cannot be read: " + std::strerror(errno));
  std::array<unsigned char, 32> digest{};
  healthy = healthy && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  if (!healthy) throw Error(path.string() + ": its SHA-256 cannot be computed: OpenSSL failed");
  std::string text;
  for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace toonmirror::app
