// Writing what a network drew.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>

namespace toonmirror::app {

// picture [3, H, W] RGB in [-1, 1], clamped; the format follows from the extension. Throws Error as
// media::write_still.
void write_picture(const std::filesystem::path& path, const at::Tensor& picture);

}  // namespace toonmirror::app
