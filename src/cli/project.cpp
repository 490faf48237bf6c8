// toonmirror project: the latents of a face in a photo.
#include <ATen/Parallel.h>
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <string>

#include "base/interrupt.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "cli/picture_output.h"
#include "face/alignment.h"
#include "face/landmarks.h"
#include "media/still.h"
#include "nets/model_file.h"
#include "toon/latents.h"
#include "toon/seeds.h"
#include "toon/style.h"
#include "toon/toonifier.h"
#include "training/projector.h"

namespace toonmirror::cli {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kStatisticsSeed = 123;  // as in the reference, which draws 10,000 z with it
constexpr int64_t kStatisticsSamples = 10000;

struct Arguments {
  std::string photo, output, method = "encoder", style = "face", generator, space = "w+", nets, pictures;
  bool aligned = false;
  int64_t steps = 1000;
  uint64_t seed = 0;
  ComputeOptions compute;
};

// The face as the networks want it, CV_8UC3 RGB of that side.
cv::Mat aligned_face(const Arguments& arguments, int size_px) {
  media::StillImage still = media::read_still(arguments.photo);
  const cv::Mat photo(still.height, still.width, CV_8UC3, still.rgb.data());
  if (arguments.aligned) {
    if (still.width != still.height) throw Error(arguments.photo + ": is not square, and so no aligned face");
    const double middle = (still.width - 1) / 2.0;
    return face::warp_crop(photo, face::align_square({{middle, middle}, {still.width / 2.0, 0}}, size_px));
  }
  const face::SharedLandmarkPredictor predictor = face::load_landmark_predictor();
  face::Detector detector;
  const std::vector<face::Face> faces = face::find_faces(detector, *predictor.get(), photo);
  if (faces.empty())
    throw Error(arguments.photo + ": no face found", "choose a photo that shows a face from the front");
  return face::warp_crop(photo, face::align_square(faces.front().square, size_px));
}

void project_with_encoder(const Arguments& arguments, toon::SavedLatents& latents) {
  const Compute compute = choose_compute(arguments.compute);
  at::set_num_threads(compute.threads);
  toon::Style style = toon::find_style(arguments.style);
  style.psi = style.likeness = 1;  // what is saved is not truncated; drawing may do that
  const toon::Toonifier toonifier(style, compute.precision, compute.device);
  const toon::FaceCode code = toonifier.encode(aligned_face(arguments, toonifier.crop_size_px()));
  latents.ws = code.ws;
  latents.features = code.features;
  latents.family = nets::family_of(checkpoint::CheckpointFile(style.face));
}

void write_step(const fs::path& folder, int64_t step, const at::Tensor& picture) {
  fs::create_directories(folder);
  write_picture(folder / fmt::format("step-{:05}.png", step), picture);
}

// False where the user stopped it.
bool project_by_optimising(const Arguments& arguments, toon::SavedLatents& latents) {
  const Compute compute = choose_compute(arguments.compute);
  at::set_num_threads(compute.threads);
  const fs::path file =
      arguments.generator.empty() ? toon::find_style(arguments.style).face : fs::path(arguments.generator);
  const checkpoint::CheckpointFile checkpoint(file);
  nets::Generator generator = nets::load_generator(checkpoint);
  const int64_t size = generator->options().resolution, z_dim = generator->options().z_dim;
  const cv::Mat crop = aligned_face(arguments, static_cast<int>(size));
  const at::Tensor target = at::from_blob(crop.data, {1, size, size, 3}, at::kByte)
                                .permute({0, 3, 1, 2})
                                .to(at::kFloat)
                                .mul(1 / 127.5)
                                .sub(1)
                                .contiguous();
  training::ProjectorOptions options;
  options.steps = arguments.steps;
  options.each_row = arguments.space == "w+";
  options.random_seed = arguments.seed;
  options.nets = arguments.nets;
  options.state = fs::path(arguments.output).concat(".state.safetensors");
  if (fs::exists(options.state)) spdlog::info("going on with {}", options.state.string());
  Progress progress(
      {.label = arguments.output, .unit = "steps", .rate_unit = "steps/s", .total = arguments.steps});
  training::ProjectorHooks hooks;
  hooks.after_step = [&](const training::ProjectorStep& step) {
    progress.set_suffix(fmt::format("distance {:.4f}", step.distance));
    progress.advance(step.step - progress.state().done);
  };
  hooks.stop_requested = [] { return interrupted(); };
  if (!arguments.pictures.empty()) {
    hooks.picture = [&](int64_t step, const at::Tensor& picture) {
      write_step(arguments.pictures, step, picture);
    };
  }
  const at::Tensor z =
      toon::latent_of_seed(kStatisticsSeed, kStatisticsSamples * z_dim).view({kStatisticsSamples, z_dim});
  const std::optional<at::Tensor> ws = training::project(generator, target, z, options, hooks);
  if (!ws) {
    spdlog::info("stopped; the same command goes on from {}", options.state.string());
    return false;
  }
  latents.ws = *ws;
  latents.family = nets::family_of(checkpoint);
  return true;
}

int run_project(const Arguments& arguments) {
  // Known before hours of work: whether the result can be written.
  OutputFile output(arguments.output);
  toon::SavedLatents latents;
  latents.made_by = "toonmirror project --method " + arguments.method;
  if (arguments.method == "encoder") {
    project_with_encoder(arguments, latents);
  } else if (!project_by_optimising(arguments, latents)) {
    throw Interrupted();
  }
  toon::save_latents(output.temporary_path(), latents);
  output.commit();
  spdlog::info("wrote {}: {} rows of {}", arguments.output, latents.ws.size(1), latents.ws.size(2));
  return kDone;
}

}  // namespace

void add_project(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("project", "Find the latents of the face in a photo");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("PHOTO", arguments->photo, "Of several faces the largest is taken")
      ->required()
      ->type_name("");
  command->add_option("-o,--output", arguments->output, "The latents (.safetensors)")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--method", arguments->method,
                   "encoder: in milliseconds; optimize: the latents whose picture is nearest, in minutes")
      ->check(CLI::IsMember({"encoder", "optimize"}));
  add_style_option(*command, arguments->style);
  command
      ->add_option("--generator", arguments->generator,
                   "optimize: a network file instead of the style's face generator")
      ->type_name("FILE")
      ->excludes("--style");
  command->add_flag("--aligned", arguments->aligned, "PHOTO is an aligned crop already");
  command->add_option("--space", arguments->space, "optimize: w+ (a row for each layer) or w (one for all)")
      ->check(CLI::IsMember({"w+", "w"}));
  command->add_option("--steps", arguments->steps, "optimize: how many")
      ->type_name("N")
      ->check(CLI::Range(1, 100000));
  command
      ->add_option("--nets", arguments->nets,
                   "optimize: folder of the perceptual network squeezenet11_caffe; without it pictures are "
                   "compared by colours and edges alone")
      ->type_name("FOLDER");
  command->add_option("--pictures", arguments->pictures, "optimize: folder for a picture every 100 steps")
      ->type_name("FOLDER");
  add_seed_option(*command, arguments->seed);
  add_compute_options(*command, arguments->compute);
  add_verbosity_options(*command);
  command->callback([&chosen, arguments] { chosen = [arguments] { return run_project(*arguments); }; });
}

}  // namespace toonmirror::cli
