#include "media/cameras.h"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace toonmirror::media {
namespace {

namespace fs = std::filesystem;

// An open device.
class Device {
 public:
  explicit Device(const fs::path& path) : handle_(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)) {}
  ~Device() {
    if (handle_ >= 0) ::close(handle_);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  bool is_open() const { return handle_ >= 0; }
  bool ask(unsigned long what, void* answer) const { return ::ioctl(handle_, what, answer) == 0; }

 private:
  int handle_;
};

// FFmpeg's names of the formats that its Video4Linux2 reader decodes and people meet.
const char* name_of(uint32_t pixel_format) {
  switch (pixel_format) {
    case V4L2_PIX_FMT_MJPEG:
    case V4L2_PIX_FMT_JPEG:
      return "mjpeg";
    case V4L2_PIX_FMT_YUYV:
      return "yuyv422";
    case V4L2_PIX_FMT_UYVY:
      return "uyvy422";
    case V4L2_PIX_FMT_NV12:
      return "nv12";
    case V4L2_PIX_FMT_YUV420:
      return "yuv420p";
    case V4L2_PIX_FMT_H264:
      return "h264";
    case V4L2_PIX_FMT_RGB24:
      return "rgb24";
    case V4L2_PIX_FMT_BGR24:
      return "bgr24";
    default:
      return "";
  }
}

double fastest(const Device& device, uint32_t format, uint32_t width, uint32_t height) {
  double rate = 0;
  v4l2_frmivalenum interval{};
  interval.pixel_format = format;
  interval.width = width;
  interval.height = height;
  for (; device.ask(VIDIOC_ENUM_FRAMEINTERVALS, &interval); ++interval.index) {
    const v4l2_fract shortest =
        interval.type == V4L2_FRMIVAL_TYPE_DISCRETE ? interval.discrete : interval.stepwise.min;
    if (shortest.numerator > 0) rate = std::max(rate, double(shortest.denominator) / shortest.numerator);
    if (interval.type != V4L2_FRMIVAL_TYPE_DISCRETE) break;
  }
  return rate;
}

std::vector<CameraMode> modes_of(const Device& device) {
  std::vector<CameraMode> modes;
  v4l2_fmtdesc format{};
  format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  for (; device.ask(VIDIOC_ENUM_FMT, &format); ++format.index) {
    v4l2_frmsizeenum size{};
    size.pixel_format = format.pixelformat;
    for (; device.ask(VIDIOC_ENUM_FRAMESIZES, &size); ++size.index) {
      const bool discrete = size.type == V4L2_FRMSIZE_TYPE_DISCRETE;
      const uint32_t width = discrete ? size.discrete.width : size.stepwise.max_width;
      const uint32_t height = discrete ? size.discrete.height : size.stepwise.max_height;
      modes.push_back({name_of(format.pixelformat), static_cast<int>(width), static_cast<int>(height),
                       fastest(device, format.pixelformat, width, height)});
      if (!discrete) break;
    }
  }
  return modes;
}

std::optional<Camera> look_at(const fs::path& path) {
  Camera camera{path, path.filename().string(), {}, ""};
  std::ifstream file("/sys/class/video4linux/" + path.filename().string() + "/name");
  std::getline(file, camera.name);
  const Device device(path);
  if (!device.is_open()) {
    camera.problem = errno == EACCES  ? "you may not use it"
                     : errno == EBUSY ? "another program uses it"
                                      : std::strerror(errno);
    return camera;
  }
  v4l2_capability capability{};
  if (!device.ask(VIDIOC_QUERYCAP, &capability)) return std::nullopt;
  const uint32_t abilities = (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? capability.device_caps
                                                                                   : capability.capabilities;
  if ((abilities & V4L2_CAP_VIDEO_CAPTURE) == 0) return std::nullopt;
  camera.modes = modes_of(device);
  return camera;
}

int number_of(const fs::path& device) {
  const std::string name = device.filename().string();
  return std::atoi(name.c_str() + std::strlen("video"));
}

bool is_number(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

std::vector<Camera> list_cameras() {
  std::vector<fs::path> devices;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator("/dev", unreadable)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("video") && is_number(name.substr(std::strlen("video")))) {
      devices.push_back(entry.path());
    }
  }
  std::ranges::sort(devices, {}, number_of);
  std::vector<Camera> cameras;
  for (const fs::path& device : devices) {
    if (std::optional<Camera> camera = look_at(device)) cameras.push_back(std::move(*camera));
  }
  return cameras;
}

Camera find_camera(const std::string& name) {
  const std::vector<Camera> cameras = list_cameras();
  const auto found = std::ranges::find_if(cameras, [&](const Camera& camera) {
    if (is_number(name)) return number_of(camera.device) == std::stoi(name);
    if (name.starts_with("/")) return camera.device == name;
    return lower_case(camera.name).find(lower_case(name)) != std::string::npos;
  });
  if (found != cameras.end()) {
    if (!found->problem.empty()) {
      const bool forbidden = ::access(found->device.c_str(), R_OK | W_OK) != 0;
      throw Error("camera " + found->device.string() + ": " + found->problem,
                  forbidden
                      ? "add yourself to the group: sudo usermod -aG video \"$USER\", then log in again"
                      : "close the program that uses it: 'fuser " + found->device.string() + "' names it");
    }
    return *found;
  }
  std::string there;
  for (const Camera& camera : cameras) {
    there +=
        (there.empty() ? "" : ", ") + std::to_string(number_of(camera.device)) + " (" + camera.name + ")";
  }
  throw Error("camera " + name + ": there is none of that number, device or name",
              there.empty() ? "plug one in; or play a file: --camera clip.mp4, or --camera test"
                            : "there is " + there);
}

CameraMode choose_mode(const std::vector<CameraMode>& modes, int width, int height, double rate,
                       const std::string& format) {
  constexpr int kWide_px = 1280, kHigh_px = 720;
  constexpr double kFluent = 24;
  if (modes.empty()) return {format, width, height, rate};
  const auto cost = [&](const CameraMode& mode) {
    double sum = 0;
    if (mode.format.empty()) sum += 1e6;  // FFmpeg cannot read it
    if (!format.empty() && mode.format.find(format) == std::string::npos) sum += 1e5;
    const double wanted_rate = rate > 0 ? rate : kFluent;
    if (mode.rate > 0 && mode.rate < wanted_rate) sum += 1e4 * (wanted_rate - mode.rate) / wanted_rate;
    if (width > 0 && height > 0) {
      sum += std::abs(mode.width - width) + std::abs(mode.height - height);
    } else {
      const bool larger = mode.width > kWide_px || mode.height > kHigh_px;
      sum += std::abs(kWide_px - mode.width) * (larger ? 10.0 : 1.0);
    }
    // Decoding H.264 adds a picture or two of delay.
    if (mode.format == "h264") sum += 100;
    return sum;
  };
  return *std::ranges::min_element(modes, {}, cost);
}

}  // namespace toonmirror::media
