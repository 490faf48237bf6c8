// A small pack of synthetic training pairs.
#pragma once

#include <torch/torch.h>

#include <filesystem>

#include "checkpoint/safetensors.h"

namespace toonmirror::testing {

// Black pictures with one white square of 9 px around landmark 30, which lies elsewhere in every picture; the
// square's label is 4. The last picture is held out. With targets: the photo's negative, of 256 or 512 px.
inline void write_pair_pack(const std::filesystem::path& path, int64_t count, bool with_targets,
                            int64_t target_px = 256) {
  at::Tensor photos = at::zeros({count, 256, 256, 3}, at::kByte);
  at::Tensor labels = at::zeros({count, 256, 256}, at::kByte);
  at::Tensor landmarks = at::full({count, 68, 2}, 128.0f);
  at::Tensor held_out = at::zeros({count}, at::kByte);
  for (int64_t n = 0; n < count; ++n) {
    const int64_t x = 90 + 11 * n % 70, y = 100 + 17 * n % 60;
    photos[n].slice(0, y - 4, y + 5).slice(1, x - 4, x + 5).fill_(255);
    labels[n].slice(0, y - 4, y + 5).slice(1, x - 4, x + 5).fill_(4);
    landmarks[n][30][0] = static_cast<float>(x);
    landmarks[n][30][1] = static_cast<float>(y);
  }
  held_out[count - 1] = 1;
  checkpoint::NamedTensors tensors = {
      {"photos", photos}, {"labels", labels}, {"landmarks", landmarks}, {"held_out", held_out}};
  if (with_targets) {
    const int64_t times = target_px / 256;
    tensors["targets"] = (255 - photos).repeat_interleave(times, 1).repeat_interleave(times, 2);
    tensors["target_labels"] = labels;
  }
  checkpoint::write_safetensors(path, tensors, {{"toonmirror.kind", "pairs"}});
}

}  // namespace toonmirror::testing
