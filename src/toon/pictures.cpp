#include "toon/pictures.h"

#include <cstring>

namespace toonmirror::toon {
namespace {

std::vector<uint8_t> bytes_of(const cv::Mat& rgb) {
  const cv::Mat whole = rgb.isContinuous() ? rgb : rgb.clone();
  return {whole.data, whole.data + whole.total() * whole.elemSize()};
}

}  // namespace

cv::Mat picture_of(media::Frame& frame) { return {frame.height, frame.width, CV_8UC3, frame.rgb.data()}; }

cv::Mat picture_of(media::StillImage& image) {
  return {image.height, image.width, CV_8UC3, image.rgb.data()};
}

cv::Mat picture_of(const media::StillImage& image) {
  return cv::Mat(image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.rgb.data())).clone();
}

void set_picture(media::Frame& frame, const cv::Mat& rgb) {
  frame.width = rgb.cols;
  frame.height = rgb.rows;
  frame.rgb = bytes_of(rgb);
}

media::StillImage still_of(const cv::Mat& rgb) {
  media::StillImage image;
  image.width = rgb.cols;
  image.height = rgb.rows;
  image.rgb = bytes_of(rgb);
  return image;
}

at::Tensor tensor_from_picture(const cv::Mat& rgb, at::Device device) {
  const at::Tensor bytes = at::from_blob(
      const_cast<uchar*>(rgb.data), {1, rgb.rows, rgb.cols, 3},
      {rgb.rows * static_cast<int64_t>(rgb.step), static_cast<int64_t>(rgb.step), 3, 1}, at::kByte);
  const at::Tensor values = bytes.to(device).to(at::kFloat).mul_(1 / 127.5).sub_(1);
  return values.permute({0, 3, 1, 2});
}

cv::Mat picture_from_tensor(const at::Tensor& rgb) {
  const at::Tensor one = (rgb.dim() == 4 ? rgb[0] : rgb).detach().to(at::kFloat);
  const at::Tensor bytes =
      one.permute({1, 2, 0}).add(1).mul_(127.5).round_().clamp_(0, 255).to(at::kByte).cpu().contiguous();
  cv::Mat picture(static_cast<int>(bytes.size(0)), static_cast<int>(bytes.size(1)), CV_8UC3);
  std::memcpy(picture.data, bytes.data_ptr<uint8_t>(), static_cast<size_t>(bytes.numel()));
  return picture;
}

}  // namespace toonmirror::toon
