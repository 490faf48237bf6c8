#include "cli/picture_output.h"

#include "media/still.h"

namespace toonmirror::cli {

void write_picture(const std::filesystem::path& path, const at::Tensor& picture) {
  const at::Tensor bytes = ((picture.detach().to(at::kFloat).clamp(-1.0, 1.0) + 1.0) * 127.5)
                               .round()
                               .to(at::kByte)
                               .permute({1, 2, 0})
                               .contiguous();
  media::StillImage image;
  image.height = static_cast<int>(bytes.size(0));
  image.width = static_cast<int>(bytes.size(1));
  image.rgb.assign(bytes.data_ptr<uint8_t>(), bytes.data_ptr<uint8_t>() + bytes.numel());
  media::write_still(path, image);
}

}  // namespace toonmirror::cli
