// The one exception type of the program: what failed, on which file or device, and what to do next.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace toonmirror {

// Thrown at the public edge of every layer. `what()` is one line that names the file or device and the
// problem, without a trailing full stop ("clip.mp4: not a video"); `hint()` is one line saying what to do
// next, or empty.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what, std::string hint = {})
      : std::runtime_error(what), hint_(std::move(hint)) {}

  const std::string& hint() const noexcept { return hint_; }

 private:
  std::string hint_;
};

}  // namespace toonmirror
