#include "media/virtual_camera.h"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace toonmirror::media {
namespace {

constexpr const char* kLoadModule =
    "sudo apt install v4l2loopback-dkms && sudo modprobe v4l2loopback exclusive_caps=1 card_label=Toonmirror "
    "video_nr=10, then --virtual-camera /dev/video10";

int open_device(const std::filesystem::path& device) {
  const int handle = ::open(device.c_str(), O_RDWR | O_CLOEXEC);
  if (handle >= 0) return handle;
  const std::string name = "virtual camera " + device.string();
  if (errno == ENOENT || errno == ENODEV || errno == ENXIO) throw Error(name + ": not there", kLoadModule);
  if (errno == EACCES) {
    throw Error(name + ": you may not use it",
                "add yourself to the group: sudo usermod -aG video \"$USER\", then log in again");
  }
  throw Error(name + ": " + std::strerror(errno));
}

int even(int size) { return size & ~1; }

}  // namespace

VirtualCamera::VirtualCamera(const std::filesystem::path& device, int width, int height, double rate)
    : device_(device), handle_(open_device(device)) {
  const std::string name = "virtual camera " + device.string();
  try {
    v4l2_capability capability{};
    if (::ioctl(handle_, VIDIOC_QUERYCAP, &capability) != 0 ||
        (capability.capabilities & V4L2_CAP_VIDEO_OUTPUT) == 0) {
      throw Error(name + ": takes no pictures: it is a camera itself, or none", kLoadModule);
    }
    v4l2_format format{};
    format.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    format.fmt.pix.width = static_cast<uint32_t>(even(width));
    format.fmt.pix.height = static_cast<uint32_t>(even(height));
    format.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
    format.fmt.pix.field = V4L2_FIELD_NONE;
    format.fmt.pix.bytesperline = 2 * format.fmt.pix.width;
    format.fmt.pix.sizeimage = format.fmt.pix.bytesperline * format.fmt.pix.height;
    format.fmt.pix.colorspace = V4L2_COLORSPACE_SRGB;
    if (::ioctl(handle_, VIDIOC_S_FMT, &format) != 0 || format.fmt.pix.pixelformat != V4L2_PIX_FMT_YUYV) {
      throw Error(name + ": refuses the format YUYV",
                  "another program may already have chosen one: close it, or reload the module");
    }
    v4l2_streamparm timing{};
    timing.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    constexpr uint32_t kTicks = 1000;
    timing.parm.output.timeperframe = {kTicks, static_cast<uint32_t>(rate * kTicks)};
    ::ioctl(handle_, VIDIOC_S_PARM, &timing);  // a wish; not all versions obey
    picture_ = make_picture(AV_PIX_FMT_YUYV422, static_cast<int>(format.fmt.pix.width),
                            static_cast<int>(format.fmt.pix.height));
  } catch (...) {
    ::close(handle_);
    throw;
  }
}

VirtualCamera::~VirtualCamera() { ::close(handle_); }

void VirtualCamera::write(const std::vector<uint8_t>& rgb, int width, int height) {
  converter_.convert(*borrow_rgb(rgb.data(), width, height), *picture_);
  const int row = 2 * picture_->width;
  std::vector<uint8_t> packed(static_cast<size_t>(row) * static_cast<size_t>(picture_->height));
  for (int y = 0; y < picture_->height; ++y) {
    std::memcpy(packed.data() + static_cast<ptrdiff_t>(y) * row,
                picture_->data[0] + static_cast<ptrdiff_t>(y) * picture_->linesize[0],
                static_cast<size_t>(row));
  }
  if (::write(handle_, packed.data(), packed.size()) < 0 && errno != EAGAIN && errno != EINTR) {
    throw Error("virtual camera " + device_.string() + ": " + std::strerror(errno), kLoadModule);
  }
}

}  // namespace toonmirror::media
