// Writing a file so that nobody ever sees half of it: a hidden temporary beside the target, renamed when
// complete.
#pragma once

#include <filesystem>

namespace toonmirror {

// Owns the temporary file from construction until commit(); removes it when it is destroyed without one, so
// an exception or an interrupt leaves neither a partial result nor harm to a previous one.
//
//   OutputFile output("clip.mp4");
//   encode_to(output.temporary_path());  // ".clip.partial-5f0c2a91.mp4": same folder, same extension
//   output.commit();                     // now clip.mp4 exists, or is replaced in one step
class OutputFile {
 public:
  // Creates the empty temporary file. Throws Error when the target has no file name, is a folder or a device,
  // or is write-protected, and when its folder does not exist or cannot be written.
  explicit OutputFile(std::filesystem::path target);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::filesystem::path& target() const { return target_; }
  const std::filesystem::path& temporary_path() const { return temporary_; }

  // Puts the temporary in the target's place; call it once, after the file was closed. Throws Error when that
  // fails.
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty after commit()
};

}  // namespace toonmirror
