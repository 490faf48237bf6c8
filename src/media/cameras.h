// The cameras of this machine (Video4Linux2).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace toonmirror::media {

struct CameraMode {
  std::string format;  // FFmpeg's name of it, such as "mjpeg" or "yuyv422"; empty where FFmpeg has none
  int width = 0, height = 0;
  double rate = 0;  // the most pictures per second at that size; 0 where the driver does not tell
};

struct Camera {
  std::filesystem::path device;
  std::string name;               // as the driver calls it
  std::vector<CameraMode> modes;  // empty where the device cannot be asked
  std::string problem;            // why not: busy, forbidden; empty: it can
};

// Devices that take pictures, in the order of their numbers; those that only give some out (virtual cameras
// without a producer, metadata nodes) are left out.
std::vector<Camera> list_cameras();

// The one of that number, device or part of its name. Throws Error, listing what there is.
Camera find_camera(const std::string& name);

// The mode nearest to what is asked for; where nothing is: the largest up to 1280x720 with 24 pictures a
// second or more, MJPEG before raw formats where raw ones are slower.
CameraMode choose_mode(const std::vector<CameraMode>& modes, int width, int height, double rate,
                       const std::string& format);

}  // namespace toonmirror::media
