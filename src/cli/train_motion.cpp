// toonmirror train motion: makes the motion model from clips of talking faces.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "app/picture_output.h"
#include "base/interrupt.h"
#include "base/machine.h"
#include "cli/exit_code.h"
#include "cli/train_options.h"
#include "datasets/motion_clips.h"
#include "nets/find_networks.h"
#include "nets/model_file.h"
#include "toon/avatar.h"
#include "training/motion_figures.h"
#include "training/motion_trainer.h"

namespace toonmirror::cli {
namespace {

struct MotionArguments {
  training::MotionTrainingOptions options;
  datasets::MotionClipOptions clips;
  ModelIdentity identity;
};

// Says how well the model of a file moves the people that the pack holds back.
int judge_motion(const std::filesystem::path& file, const std::filesystem::path& clips,
                 const std::filesystem::path& nets) {
  const training::ClipPack pack(clips);
  if (pack.held_out_clips().empty()) return kDone;
  nets::MotionModel model = nets::open_motion_model(checkpoint::CheckpointFile(file));
  model->prepare();
  const face::SharedLandmarkPredictor predictor = face::load_landmark_predictor();
  const auto find_landmarks = [&predictor](const at::Tensor& picture, const at::Tensor& near) {
    const auto points = near.accessor<float, 2>();
    face::Landmarks expected;
    for (size_t i = 0; i < expected.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      expected[i] = {points[row][0], points[row][1]};
    }
    const face::Landmarks found =
        predictor.get()->predict(toon::motion_picture(picture.unsqueeze(0)), face::box_of(expected));
    at::Tensor result = at::empty({face::kLandmarkCount, 2});
    for (size_t i = 0; i < found.size(); ++i) {
      result[static_cast<int64_t>(i)][0] = found[i].x;
      result[static_cast<int64_t>(i)][1] = found[i].y;
    }
    return result;
  };
  const training::MotionFigures f = training::evaluate_motion(pack, model, nets, find_landmarks);
  spdlog::info(
      "{} frames of {} held-out clips, moved from the first frame (standing still / warped by landmarks / "
      "this "
      "model): L1 {:.4f} / {:.4f} / {:.4f}, landmarks {:.4f} / {:.4f} / {:.4f} of the width; identity "
      "{:.3f}, "
      "driven by another person {:.3f}",
      f.frames, f.clips, f.l1_still, f.l1_warp, f.l1, f.points_still, f.points_warp, f.points,
      f.identity_self, f.identity_cross);
  return kDone;
}

int run_motion(MotionArguments arguments) {
  training::MotionTrainingOptions& options = arguments.options;
  options.clips = options.run.output / "clips.safetensors";
  if (std::filesystem::exists(options.clips)) {
    spdlog::info("using {}, packed before", options.clips.string());
  } else {
    std::filesystem::create_directories(options.run.output);
    datasets::pack_motion_clips(arguments.clips, options.clips);
  }
  nets::MotionModel model = training::train_motion(options, training_hooks(), app::write_picture);
  throw_if_interrupted();
  const std::filesystem::path path = options.run.output / "motion.safetensors";
  nets::write_network(path, nets::motion_network(model), /*half=*/true,
                      metadata(arguments.identity, "motion"));
  say_written(path);
  return judge_motion(path, options.clips, options.nets);
}

}  // namespace

void add_train_motion(CLI::App& train, Action& chosen) {
  CLI::App* command = train.add_subcommand("motion", "Train the motion model on clips of talking faces");
  auto arguments = std::make_shared<MotionArguments>();
  training::MotionTrainingOptions& options = arguments->options;
  training::RunOptions& run = options.run;
  run.workers = usable_cores();
  run.adam.beta1 = 0.5;
  run.adam.learning_rate = 4e-4;
  command->add_option("--clips", arguments->clips.clips, "Folder of videos, each with one face")
      ->type_name("FOLDER")
      ->required();
  command
      ->add_option("--index", arguments->clips.index,
                   "CSV with columns file and person: who is to be learned from, and who is held out, is "
                   "decided by person")
      ->type_name("FILE");
  command
      ->add_option("--toon-style", arguments->clips.toon_style,
                   "Also learn from every third clip drawn in that style")
      ->type_name("NAME|FILE");
  command->add_option("--every", arguments->clips.every, "Take every so many frames of a clip")
      ->check(CLI::Range(1, 100));
  command
      ->add_option("--nets", options.nets,
                   "Folder of the networks that judge pictures: squeezenet11_caffe and mobilefacenet128, "
                   "each as .json and .safetensors")
      ->type_name("FOLDER")
      ->required();
  command->add_option("--start", options.start, "An earlier motion model to begin with, as far as it fits")
      ->type_name("FILE");
  command->add_option("--half-size-share", options.half_size_share,
                      "First share of the run, whose generator draws 128 px");
  add_identity_options(*command, arguments->identity);
  add_loop_options(*command, run, options.precision);
  command->callback([arguments, &chosen] { chosen = [arguments] { return run_motion(*arguments); }; });
}

}  // namespace toonmirror::cli
