// toonmirror train mesh: the face mesh of photos and clips, as published networks see it.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/picture_output.h"
#include "base/interrupt.h"
#include "base/machine.h"
#include "cli/exit_code.h"
#include "cli/train_options.h"
#include "datasets/mesh_labels.h"
#include "training/mesh_figures.h"
#include "training/mesh_trainer.h"

namespace toonmirror::cli {
namespace {

struct Arguments {
  training::MeshTrainingOptions options;
  datasets::MeshLabelOptions labels;
  ModelIdentity identity;
};

void say(const training::MeshFigures& f) {
  spdlog::info(
      "{} held-out faces, per cent of the outer-eye distance: {:.2f}; eyes {:.2f}, irises {:.2f}, lips "
      "{:.2f}, "
      "contour {:.2f}; FFHQ square {:.2f} % of the eyes' distance; yaw {:.1f}, pitch {:.1f} degrees",
      f.faces, f.error, f.eyes, f.irises, f.lips, f.contour, f.square_error, f.yaw_error_deg,
      f.pitch_error_deg);
  spdlog::info(
      "rightly told: {:.1f} % of {} closed eyes (gap below {} of the width), {:.1f} % of {} open ones (above "
      "{}); taken for faces: {:.1f} % of faces, {:.1f} % of as many crops without one",
      100 * f.closed_right, f.closed_eyes, training::kClosedBelow, 100 * f.open_right, f.open_eyes,
      training::kOpenAbove, 100 * f.true_positives, 100 * f.false_positives);
}

int run_mesh(Arguments arguments) {
  training::MeshTrainingOptions& options = arguments.options;
  options.pack = options.run.output / "meshes.safetensors";
  if (std::filesystem::exists(options.pack)) {
    spdlog::info("using {}, labelled before", options.pack.string());
  } else {
    std::filesystem::create_directories(options.run.output);
    arguments.labels.licence = arguments.identity.licence;
    datasets::label_meshes(arguments.labels, options.pack);
  }
  nets::FaceMesh mesh = training::train_mesh(options, training_hooks(), app::write_picture);
  throw_if_interrupted();
  const std::filesystem::path path = options.run.output / "mesh.safetensors";
  nets::save_network(path, mesh, metadata(arguments.identity, "mesh"));
  say_written(path);
  nets::FaceMesh written = nets::load_face_mesh(checkpoint::CheckpointFile(path));
  written->prepare(at::kFloat);
  say(training::evaluate_mesh(training::MeshPack(options.pack), written));
  return kDone;
}

}  // namespace

void add_train_mesh(CLI::App& train, Action& chosen) {
  CLI::App* command = train.add_subcommand(
      "mesh", "Train the face mesh on photos and clips of faces, labelled once by published networks");
  auto arguments = std::make_shared<Arguments>();
  training::MeshTrainingOptions& options = arguments->options;
  datasets::MeshLabelOptions& labels = arguments->labels;
  options.run.workers = usable_cores();
  options.run.batch_per_worker = 16;
  options.run.steps = 60'000;
  options.run.adam.learning_rate = 8e-3;
  command->add_option("--faces", labels.photos, "Folders of photos with one face each")
      ->type_name("FOLDER …")
      ->required();
  command
      ->add_option("--index", labels.indices,
                   "For each of them a CSV with columns file and lm68, better also person and lm68_err")
      ->type_name("CSV …")
      ->required();
  command->add_option("--clips", labels.clips, "Folder of videos, each with one face")->type_name("FOLDER");
  command
      ->add_option("--clips-index", labels.clips_index,
                   "CSV with columns file and person: who is held out is decided by person")
      ->type_name("CSV");
  command->add_option("--every", labels.every, "Take every so many frames of a clip")
      ->check(CLI::Range(1, 100));
  command->add_option("--faceless", labels.faceless, "Folder of pictures without faces")->type_name("FOLDER");
  command
      ->add_option("--nets", labels.nets,
                   "Folder of the networks that are learned from: facemesh468 and iris64, each as .json and "
                   ".safetensors")
      ->type_name("FOLDER")
      ->required();
  command->add_option("--faceless-share", options.faceless, "Share of the samples that show no face")
      ->check(CLI::Range(0.0, 0.9));
  add_identity_options(*command, arguments->identity);
  add_loop_options(*command, options.run, options.precision);
  command->callback([arguments, &chosen] { chosen = [arguments] { return run_mesh(*arguments); }; });
}

}  // namespace toonmirror::cli
