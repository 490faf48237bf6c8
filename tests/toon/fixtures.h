// Small untrained networks and a style of them, on disk as the program finds them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "nets/model_file.h"
#include "support/temporary_folder.h"
#include "toon/style.h"
#include "toon/toonifier.h"
#include "tracking/face_models.h"

namespace toonmirror::toon::testing {

inline nets::GeneratorOptions small_generator_options() {
  nets::GeneratorOptions options;
  options.resolution = 32;
  options.z_dim = options.w_dim = 16;
  options.channels = {{4, 8}, {8, 8}, {16, 6}, {32, 4}};
  options.likeness_channels = {{32, 3}};
  return options;
}

inline nets::Generator small_generator(uint64_t seed) {
  torch::manual_seed(seed);
  nets::Generator generator(small_generator_options());
  const at::NoGradGuard no_grad;
  for (const auto& item : generator->named_parameters()) {
    if (item.key().find("likeness") != std::string::npos) item.value().normal_();
  }
  return generator;
}

inline nets::HouseEncoder small_encoder() {
  const nets::GeneratorOptions generator = small_generator_options();
  nets::HouseEncoderOptions options;
  options.w_dim = generator.w_dim;
  options.latent_count = generator.latent_count();
  options.channels = {4, 6, 8, 8, 8};
  options.likeness_channels = generator.likeness_channels;
  torch::manual_seed(7);
  return nets::HouseEncoder(options);
}

inline constexpr const char* kStyleText =
    "name = \"small\"\nencoder = \"encoder.safetensors\"\n"
    "[generator]\nface = \"face.safetensors\"\nchild = \"child.safetensors\"\n";

// face.safetensors, child.safetensors, encoder.safetensors and small.toml.
class SmallModels {
 public:
  SmallModels() {
    nets::save_network(folder_ / "face.safetensors", small_generator(1), "small", {});
    nets::save_network(folder_ / "child.safetensors", small_generator(2), "small", {});
    nets::save_network(folder_ / "encoder.safetensors", small_encoder(), "small", {});
    folder_.write("small.toml", kStyleText);
  }

  const toonmirror::testing::TemporaryFolder& folder() const { return folder_; }
  Style style() const { return load_style(folder_ / "small.toml"); }

 private:
  toonmirror::testing::TemporaryFolder folder_;
};

// Read once for all tests that look for faces.
inline const tracking::FaceModels& shared_face_models() {
  static const tracking::FaceModels models = tracking::load_face_models();
  return models;
}

// Smooth colours that differ from seed to seed.
inline cv::Mat colourful_picture(cv::Size size, int seed) {
  cv::Mat picture(size, CV_8UC3);
  cv::RNG random(static_cast<uint64_t>(seed));
  random.fill(picture, cv::RNG::UNIFORM, 0, 256);
  cv::GaussianBlur(picture, picture, {}, 9);
  cv::normalize(picture, picture, 0, 255, cv::NORM_MINMAX);
  return picture;
}

inline double largest_difference(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_INF); }

}  // namespace toonmirror::toon::testing
