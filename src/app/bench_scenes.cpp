#include "app/bench_scenes.h"

#include <ATen/record_function.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <opencv2/imgproc.hpp>

#include "base/model_path.h"
#include "engine/convolution.h"
#include "media/video_writer.h"
#include "nets/first_order_motion.h"
#include "nets/mixed_precision.h"
#include "nets/model_file.h"
#include "nets/psp_encoder.h"
#include "nets/stylegan2.h"
#include "toon/avatar.h"
#include "toon/convert.h"
#include "toon/pictures.h"
#include "toon/seeds.h"
#include "toon/style.h"

namespace toonmirror::app {
namespace {

namespace fs = std::filesystem;

// Configuration F of Karras et al. 2020: 512 channels up to 64 px, then halved with every doubling.
nets::GeneratorOptions config_f(int64_t resolution) {
  nets::GeneratorOptions options;
  options.resolution = resolution;
  options.mapping_layers = 8;
  options.noise = true;
  for (int64_t r = 4; r <= resolution; r *= 2) options.channels[r] = std::min<int64_t>(512, 32768 / r);
  return options;
}

BenchScene generator_scene(const std::string& name, int64_t resolution) {
  const auto prepare = [resolution](c10::ScalarType type) -> BenchRun {
    nets::Generator generator(config_f(resolution));
    generator->eval();
    generator->prepare(type);
    const at::Tensor ws = at::randn({1, generator->options().latent_count(), 512});
    nets::SynthesisOptions options;
    options.compute_type = type;
    return [generator, ws, options]() mutable { generator->synthesize(ws, {}, options); };
  };
  return {name, "StyleGAN2 synthesis, configuration F, " + std::to_string(resolution) + " px", prepare};
}

// pSp's GradualStyleEncoder for 1024 px.
BenchScene psp_scene() {
  const auto prepare = [](c10::ScalarType type) -> BenchRun {
    nets::PspEncoderOptions options;
    for (int row = 0; row < 18; ++row) options.style_depths.push_back(row < 3 ? 4 : row < 7 ? 5 : 6);
    nets::PspEncoder encoder(options);
    for (at::Tensor& parameter : encoder->parameters()) {
      if (parameter.dim() > 1) at::normal_out(parameter, 0.0, 0.03, parameter.sizes());
    }
    encoder->eval();
    encoder->prepare(type);
    const at::Tensor picture = at::rand({1, 3, nets::kPspInputSize_px, nets::kPspInputSize_px}) * 2 - 1;
    return [encoder, picture]() mutable { encoder->forward(picture); };
  };
  return {"psp-encoder", "pSp encoder, 18 styles, 256 px", prepare};
}

// What a driven frame costs the published model's generator: everything after the dense motion.
BenchScene motion_decoder_scene() {
  const auto prepare = [](c10::ScalarType type) -> BenchRun {
    nets::MotionModel model{nets::MotionModelOptions()};
    model->eval();
    model->prepare(type);
    const nets::EncodedSource source = model->encode_source(at::rand({1, 3, 256, 256}));
    nets::MotionMaps maps;
    model->render(source, model->detect(at::rand({1, 3, 256, 256})), /*align_corners=*/true, &maps);
    return [model, source, maps, type]() mutable {
      const nets::MixedPrecision precision(type);
      model->generator()->decode(source, maps.dense, /*field=*/nullptr, /*align_corners=*/true);
    };
  };
  return {"fomm-decoder", "First Order Motion Model vox-256, generator after the dense motion", prepare};
}

cv::Mat test_crop(int size_px) {
  cv::Mat crop(size_px, size_px, CV_8UC3);
  cv::RNG(1).fill(crop, cv::RNG::UNIFORM, 0, 256);
  cv::GaussianBlur(crop, crop, {}, 4);
  return crop;
}

BenchScene house_encoder_scene() {
  const auto prepare = [](c10::ScalarType type) -> BenchRun {
    const auto toonifier = std::make_shared<toon::Toonifier>(toon::find_style(toon::kDefaultStyle), type);
    return [toonifier, crop = test_crop(toonifier->crop_size_px())] { toonifier->encode(crop); };
  };
  return {"house-encoder", "latent, features and parsing of a 256 px face", prepare};
}

BenchScene house_generator_scene() {
  const auto prepare = [](c10::ScalarType type) -> BenchRun {
    const auto toonifier = std::make_shared<toon::Toonifier>(toon::find_style(toon::kDefaultStyle), type);
    const toon::FaceCode code = toonifier->encode(test_crop(toonifier->crop_size_px()));
    return [toonifier, code] { toonifier->render(code); };
  };
  return {"house-generator", "the default style, 256 px", prepare};
}

// A folder of its own that goes with its last user.
struct WorkFolder {
  fs::path path = fs::temp_directory_path() / ("toonmirror-bench-" + std::to_string(::getpid()));
  WorkFolder() { fs::create_directories(path); }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  ~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

// A face that the house's generator makes up, moving about in 640×480.
constexpr int64_t kChainFrames = 60;
fs::path write_chain_clip(const fs::path& folder) {
  constexpr int kFace_px = 400;
  constexpr uint32_t kSeed = 7;
  nets::Generator generator =
      nets::load_generator(checkpoint::CheckpointFile(find_model("face", ".safetensors")));
  const at::Tensor ws = generator->map(toon::latent_of_seed(kSeed, generator->options().z_dim), /*psi=*/0.7);
  cv::Mat face = toon::motion_picture(generator->synthesize(ws) * 0.5 + 0.5);
  cv::resize(face, face, {kFace_px, kFace_px}, 0, 0, cv::INTER_CUBIC);
  media::VideoInfo info;
  info.width = 640;
  info.height = 480;
  info.time_base = {1, 30};
  info.frame_rate = {30, 1};
  info.pixel_format = "yuv420p";
  const fs::path clip = folder / "640x480.mp4";
  media::VideoWriter writer(clip, info, {.preset = "ultrafast"});
  for (int64_t i = 0; i < kChainFrames; ++i) {
    cv::Mat whole(info.height, info.width, CV_8UC3, cv::Scalar(96, 104, 112));
    const double turn = 2 * CV_PI * static_cast<double>(i) / kChainFrames;
    face.copyTo(whole(cv::Rect(120 + cvRound(60 * std::sin(turn)), 40 + cvRound(25 * std::cos(2 * turn)),
                               kFace_px, kFace_px)));
    media::Frame frame;
    toon::set_picture(frame, whole);
    frame.pts = i;
    frame.duration = 1;
    frame.time_base = info.time_base;
    frame.index = i;
    writer.write(frame);
  }
  writer.commit();
  return clip;
}

BenchScene chain_scene(int threads) {
  const auto folder = std::make_shared<WorkFolder>();
  const fs::path clip = write_chain_clip(folder->path);
  const tracking::FaceModels face_models = tracking::load_face_models();
  const auto prepare = [folder, clip, face_models, threads](c10::ScalarType type) -> BenchRun {
    const auto toonifier = std::make_shared<toon::Toonifier>(toon::find_style(toon::kDefaultStyle), type);
    toon::ConvertOptions options;
    options.workers = threads;
    return [folder, clip, face_models, toonifier, options] {
      toon::convert_video(clip, folder->path / "result.mp4", *toonifier, face_models, options);
    };
  };
  return {"house-chain", "convert: 640×480 video to video, one face", prepare, kChainFrames};
}

double product(at::IntArrayRef sizes) {
  double result = 1;
  for (const int64_t size : sizes) result *= static_cast<double>(size);
  return result;
}

thread_local double counted_flop = 0;

// Multiply-adds follow from the shapes alone: every weight meets every place of the smaller side.
std::unique_ptr<at::ObserverContext> count(const at::RecordFunction& function) {
  const auto inputs = function.inputs();
  const std::string name = function.name();
  if (name == "aten::convolution") {
    const at::Tensor x = inputs[0].toTensor(), weight = inputs[1].toTensor();
    const bool transposed = inputs[6].toBool();
    double places = product(x.sizes().slice(2));
    if (!transposed) {
      const auto stride = inputs[3].toIntVector(), padding = inputs[4].toIntVector();
      places = 1;
      for (size_t axis = 0; axis < 2; ++axis) {  // one number stands for both axes
        const int64_t step = stride[std::min(axis, stride.size() - 1)];
        const int64_t border = padding[std::min(axis, padding.size() - 1)];
        const auto dimension = static_cast<int64_t>(axis) + 2;
        places *= static_cast<double>((x.size(dimension) + 2 * border - weight.size(dimension)) / step + 1);
      }
    }
    // A grouped weight [O, I / groups, …] holds what every place is multiplied with in all groups together.
    counted_flop += 2 * static_cast<double>(x.size(0)) * places * product(weight.sizes());
  } else if (name == "aten::mm" || name == "aten::addmm") {
    const size_t first = name == "aten::mm" ? 0 : 1;
    const at::Tensor a = inputs[first].toTensor(), b = inputs[first + 1].toTensor();
    counted_flop += 2 * product(a.sizes()) * static_cast<double>(b.size(1));
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> bench_scene_names() {
  return {"stylegan2-config-f-256",
          "stylegan2-config-f-1024",
          "house-generator",
          "house-encoder",
          "psp-encoder",
          "fomm-decoder",
          "house-chain"};
}

std::vector<BenchScene> bench_scenes(const std::vector<std::string>& only, int threads) {
  const std::map<std::string, std::function<BenchScene()>> makers = {
      {"stylegan2-config-f-256", [] { return generator_scene("stylegan2-config-f-256", 256); }},
      {"stylegan2-config-f-1024", [] { return generator_scene("stylegan2-config-f-1024", 1024); }},
      {"house-generator", house_generator_scene},
      {"house-encoder", house_encoder_scene},
      {"psp-encoder", psp_scene},
      {"fomm-decoder", motion_decoder_scene},
      {"house-chain", [threads] { return chain_scene(threads); }}};
  std::vector<BenchScene> scenes;
  for (const std::string& name : bench_scene_names()) {
    if (only.empty() || std::ranges::find(only, name) != only.end()) scenes.push_back(makers.at(name)());
  }
  return scenes;
}

double count_gflop(const BenchRun& run) {
  counted_flop = 0;
  const at::CallbackHandle handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(count).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  run();
  at::removeCallback(handle);
  return counted_flop * 1e-9;
}

double measure_peak(c10::ScalarType type, bool int8) {
  // As many operations for every byte as there ever are in these networks.
  constexpr int64_t kChannels = 512, kSide = 64;
  engine::Convolution convolution({.padding = {1, 1}, .direct = true, .int8 = int8});
  convolution.set_weight(at::randn({kChannels, kChannels, 3, 3}).to(type));
  const at::Tensor x = at::randn({1, kChannels, kSide, kSide}).to(type);
  double best_s = 1e9;
  for (int i = 0; i < 12; ++i) {
    const auto start = std::chrono::steady_clock::now();
    convolution(x);
    best_s =
        std::min(best_s, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return 2e-9 * 9 * kChannels * kChannels * kSide * kSide / best_s;
}

}  // namespace toonmirror::app
