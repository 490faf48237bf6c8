// From the aligned crop of a face to its drawing: encoder, then the style's generator.
#pragma once

#include <opencv2/core.hpp>

#include "nets/stylegan2.h"
#include "toon/blend.h"
#include "toon/face_encoder.h"
#include "toon/style.h"

namespace toonmirror::toon {

// What the encoder knows of a photo.
struct FaceCode {
  at::Tensor ws;                    // [1, latent_count, w_dim] float, truncated as the style wants it
  nets::LikenessFeatures features;  // scaled by the style's likeness; empty at likeness 0
  cv::Mat parsing;                  // CV_32FC(11), 128 × 128: probabilities of face::Label in the photo
};

// Shared by all threads: nothing changes after construction. Each thread that calls it should have called
// at::set_num_threads with its share of the cores.
class Toonifier {
 public:
  // Throws Error where a file cannot be used, or encoder and generator do not belong together.
  explicit Toonifier(const Style& style, at::ScalarType precision = at::kFloat, at::Device device = at::kCPU);

  const Style& style() const { return style_; }

  // Takes blend, psi and likeness of a style that is otherwise the same; layers whose share does not change
  // are not computed again. Not to be called while another thread draws. Throws Error where a number is out
  // of range.
  void restyle(const Style& style);

  // W+ of a seed [1, latent_count, w_dim], truncated as the style wants it.
  at::Tensor latent_of_seed(uint32_t seed) const;
  // Side of the crops that encode() takes.
  int crop_size_px() const { return static_cast<int>(encoder_.crop_size_px()); }

  // Side of the drawings.
  int64_t resolution() const { return generator_->options().resolution; }
  // Rows of W+.
  int64_t latent_count() const { return generator_->options().latent_count(); }

  // `crop_rgb` CV_8UC3, crop_size_px() squared, aligned as FFHQ does (face/alignment.h).
  FaceCode encode(const cv::Mat& crop_rgb) const;

  // Probabilities of face::Label, CV_32FC(11) of half the side, in a crop as encode() takes it, or in one
  // that shows more around the face (WideView in toon/beyond_crop.h): CV_8UC3, square, a multiple of 32 px.
  cv::Mat parse(const cv::Mat& crop_rgb) const;

  // The drawing, CV_8UC3 RGB, the generator's resolution squared, or where that is more than `largest_px` (0:
  // no limit), its largest block's that is not.
  cv::Mat render(const FaceCode& code, int largest_px = 0) const;

 private:
  Toonifier(const Style& style, const checkpoint::CheckpointFile& encoder_file, at::ScalarType precision,
            at::Device device);

  at::Tensor checked_crop(const cv::Mat& crop_rgb) const;

  Style style_;
  at::ScalarType precision_;
  at::Device device_;
  FaceEncoder encoder_;
  BlendedGenerator blended_;
  nets::Generator generator_{nullptr};  // of blended_
};

}  // namespace toonmirror::toon
