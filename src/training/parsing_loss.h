// What face parsing is trained with.
#pragma once

#include <ATen/ATen.h>

namespace toonmirror::training {

// logits [N, 11, 128, 128] float and labels [N, 256, 256] int64 (nets::FaceClass), both of the same crop. The
// mean of cross-entropy, in which small classes count more, and of the lack of overlap per class (soft
// intersection over union, Rahman and Wang 2016): a thin eyelid costs few pixels but much overlap.
at::Tensor parsing_loss(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace toonmirror::training
