// Handing pictures to other programs as a camera, through the kernel module v4l2loopback.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "media/convert_picture.h"

namespace toonmirror::media {

// While one lives, the device has a producer, which browsers ask for before they list it.
class VirtualCamera {
 public:
  // Pictures of any size are scaled to this one, which is made even. Throws Error: no such device (saying how
  // to load the module), forbidden, not an output device, refuses the format.
  VirtualCamera(const std::filesystem::path& device, int width, int height, double rate);
  ~VirtualCamera();
  VirtualCamera(const VirtualCamera&) = delete;
  VirtualCamera& operator=(const VirtualCamera&) = delete;

  // rgb [height, width, 3]. Throws Error when the device is gone.
  void write(const std::vector<uint8_t>& rgb, int width, int height);

 private:
  std::filesystem::path device_;
  int handle_ = -1;
  FramePtr picture_;  // YUYV of the device's size
  PictureConverter converter_;
};

}  // namespace toonmirror::media
