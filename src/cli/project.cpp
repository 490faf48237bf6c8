// toonmirror project: the latents of a face in a photo.
#include <ATen/Parallel.h>
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <string>

#include "app/picture_output.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "face/alignment.h"
#include "media/still.h"
#include "nets/model_file.h"
#include "toon/encode_face.h"
#include "toon/latents.h"
#include "toon/pictures.h"
#include "toon/seeds.h"
#include "toon/style.h"
#include "toon/toonifier.h"
#include "tracking/face_search.h"
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

cv::Mat read_photo(const std::string& path) {
  const media::StillImage still = media::read_still(path);
  return toon::picture_of(still);
}

// The largest face, and with --aligned the square that the photo is. Then the face may be one that is not
// found: landmarks are left out.
struct FoundFace {
  face::FaceSquare square;
  std::optional<face::Face> face;
};

FoundFace find_face(const Arguments& arguments, const cv::Mat& photo) {
  const std::vector<face::Face> faces = tracking::find_faces(tracking::load_face_models(), photo);
  FoundFace found;
  if (!faces.empty()) found.face = faces.front();
  if (arguments.aligned) {
    if (photo.cols != photo.rows) throw Error(arguments.photo + ": is not square, and so no aligned face");
    const double middle = (photo.cols - 1) / 2.0;
    found.square = {{middle, middle}, {photo.cols / 2.0, 0}};
    if (found.face) found.face->square = found.square;
    return found;
  }
  if (!found.face) {
    throw Error(arguments.photo + ": no face found", "choose a photo that shows a face from the front");
  }
  found.square = found.face->square;
  return found;
}

void project_with_encoder(const Arguments& arguments, toon::SavedLatents& latents) {
  const Compute compute = choose_compute(arguments.compute);
  at::set_num_threads(compute.threads);
  toon::Style style = toon::find_style(arguments.style);
  style.psi = style.likeness = 1;  // what is saved is not truncated; drawing may do that
  const toon::Toonifier toonifier(style, compute.precision, compute.device);
  const cv::Mat photo = read_photo(arguments.photo);
  const FoundFace found = find_face(arguments, photo);
  StageTimer timer;
  const toon::FaceCode code = found.face
                                  ? toon::encode_face(photo, *found.face, toonifier, timer).code
                                  : toonifier.encode(face::warp_crop(
                                        photo, face::align_square(found.square, toonifier.crop_size_px())));
  latents.ws = code.ws;
  latents.features = code.features;
  latents.family = nets::family_of(checkpoint::CheckpointFile(style.face));
}

void write_step(const fs::path& folder, int64_t step, const at::Tensor& picture) {
  fs::create_directories(folder);
  app::write_picture(folder / fmt::format("step-{:05}.png", step), picture);
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
  const cv::Mat photo = read_photo(arguments.photo);
  const cv::Mat crop =
      face::warp_crop(photo, face::align_square(find_face(arguments, photo).square, static_cast<int>(size)));
  const at::Tensor target = toon::tensor_from_picture(crop).contiguous();
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
