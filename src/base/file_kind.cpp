#include "base/file_kind.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/error.h"
#include "base/text.h"

namespace toonmirror {
namespace {

constexpr std::string_view kDownloadAgain =
    "download it again; a failed download is often saved under the file's name";

constexpr size_t kShortestText = 16;  // anything shorter may look like text by chance

using namespace std::string_view_literals;  // literals with zero bytes in them

// The pickle of a number that torch.save began files with.
constexpr std::string_view kOldTorchBeginning = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46";

constexpr std::string_view kUnpack = "unpack it first";
constexpr std::string_view kUnpackTar =
    "unpack it first; the .pth.tar files of First Order Motion Model are not tar archives, whatever their "
    "name";

// Where a byte string has to be for a file to be of a kind. Containers by their registered signatures.
struct Signature {
  size_t offset;
  std::string_view bytes;
  std::string_view description;
  std::string_view hint = {};
  FileFamily family = FileFamily::kOther;
};
constexpr Signature kSignatures[] = {
    {0, "PK\x03\x04"sv, "a zip archive, the container of PyTorch checkpoints since version 1.6", "",
     FileFamily::kZip},
    {0, "PK\x05\x06"sv, "an empty zip archive"},
    {0, "\x1f\x8b"sv, "a gzip-compressed file", kUnpack},
    {0,
     "\xfd"
     "7zXZ"sv,
     "an xz-compressed file", kUnpack},
    {0, "BZh"sv, "a bzip2-compressed file", kUnpack},
    {0, "7z\xbc\xaf"sv, "a 7-Zip archive", kUnpack},
    {0, "Rar!"sv, "a RAR archive", kUnpack},
    {257, "ustar"sv, "a tar archive", kUnpackTar},
    {0, "\x89HDF"sv, "an HDF5 file, as Keras writes"},
    {4, "TFL3"sv, "a TensorFlow Lite network"},
    {0, "GGUF"sv, "a GGUF file"},
    {0, "\x89PNG"sv, "a PNG picture"},
    {0, "\xff\xd8\xff"sv, "a JPEG picture"},
    {0, "GIF8"sv, "a GIF picture"},
    {4, "ftyp"sv, "an MP4 or MOV video"},
    {0, "\x1a\x45\xdf\xa3"sv, "a Matroska or WebM video"},
    {0, "RIFF"sv, "an AVI, WAV or WebP file"},
    {0, "%PDF"sv, "a PDF document"},
    {0,
     "\x7f"
     "ELF"sv,
     "a program or library"},
};

// Eight bytes of header length, then JSON. Checked first: the length may begin with any signature.
bool looks_like_safetensors(std::string_view head) {
  return head.size() > 8 && head[8] == '{' && head[5] == '\0' && head[6] == '\0' && head[7] == '\0';
}

bool looks_like_text(std::string_view head) {
  return std::all_of(head.begin(), head.end(), [](char letter) {
    const auto byte = static_cast<unsigned char>(letter);
    return byte >= 0x20 || byte == '\n' || byte == '\r' || byte == '\t';
  });
}

}  // namespace

FileKind recognise_file(std::string_view head) {
  using enum FileFamily;
  if (head.empty()) return {kOther, "empty", "download or copy it again"};
  if (looks_like_safetensors(head)) return {kSafetensors, "a safetensors file", ""};
  if (head.starts_with(kOldTorchBeginning)) {
    return {kPickle, "a PyTorch checkpoint of the format before version 1.6 (a pickle)", ""};
  }
  // Protocol 2 to 5; the second byte tells a pickle from other files that start with 0x80.
  if (head.size() >= 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5) {
    return {kPickle, "a Python pickle, as TensorFlow-era StyleGAN and old PyTorch checkpoints are", ""};
  }
  for (const Signature& signature : kSignatures) {
    if (head.size() > signature.offset && head.substr(signature.offset).starts_with(signature.bytes)) {
      return {signature.family, std::string(signature.description), std::string(signature.hint)};
    }
  }
  if (head.starts_with("version https://git-lfs.github.com/spec")) {
    return {kOther, "a Git-LFS pointer, not the file itself", "fetch the content with: git lfs pull"};
  }
  const std::string text =
      lower_case(head.substr(std::min(head.find_first_not_of(" \t\r\n\xef\xbb\xbf"), head.size())));
  if (text.starts_with("<!doctype html") || text.starts_with("<html") || text.starts_with("<head")) {
    return {kOther, "an HTML page", std::string(kDownloadAgain)};
  }
  if (text.starts_with("<?xml")) return {kOther, "an XML document", std::string(kDownloadAgain)};
  if (head.find_first_not_of('\0') == std::string_view::npos) {
    return {kOther, "full of zeros at its beginning", "download or copy it again"};
  }
  if (head.size() >= kShortestText && looks_like_text(head)) {
    return {kText, text.starts_with("{") ? "a JSON file" : "a text file", ""};
  }
  return {};
}

FileKind recognise_file(const std::filesystem::path& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) throw Error(path.string() + ": is a folder, not a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string() + ": cannot be opened: " + std::strerror(errno));
  char head[512];
  file.read(head, sizeof(head));
  return recognise_file(std::string_view(head, static_cast<size_t>(file.gcount())));
}

}  // namespace toonmirror
