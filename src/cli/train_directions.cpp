// toonmirror train directions: what `edit --direction` moves latents along.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/model_path.h"
#include "base/progress.h"
#include "checkpoint/safetensors.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/face_photos.h"
#include "cli/machine.h"
#include "cli/train_options.h"
#include "nets/model_file.h"
#include "toon/draw_faces.h"
#include "training/directions.h"

namespace toonmirror::cli {
namespace {

constexpr int kSize_px = 256;

struct Arguments {
  FacePhotoOptions photos;
  std::string encoder = "encoder";
  std::filesystem::path output;
  std::string provenance;
};

// One face: its latents [rows, w_dim] and what is known of it [landmark attributes, age, glasses].
struct Observation {
  at::Tensor latents, attributes;
};

Observation observe(const teachers::TrainingPair& pair, std::optional<int> age, nets::HouseEncoder& encoder) {
  const at::Tensor bytes = at::from_blob(pair.photo.data, {1, kSize_px, kSize_px, 3}, at::kByte);
  const at::Tensor x = bytes.permute({0, 3, 1, 2}).to(at::kFloat) / 127.5 - 1.0;
  at::Tensor points = at::empty({1, face::kLandmarkCount, 2});
  for (int i = 0; i < face::kLandmarkCount; ++i) {
    points[0][i][0] = pair.landmarks[i].x;
    points[0][i][1] = pair.landmarks[i].y;
  }
  constexpr double kGlassesShare = 0.004;  // of the crop
  const cv::Mat glasses = pair.labels == static_cast<int>(nets::FaceClass::kGlasses);
  const bool wears = cv::countNonZero(glasses) > kGlassesShare * kSize_px * kSize_px;
  const float years = age ? static_cast<float>(*age) : std::numeric_limits<float>::quiet_NaN();
  return {
      encoder->forward(x, /*parse=*/false).w_plus().squeeze(0),
      at::cat({training::measure_landmarks(points).squeeze(0), at::tensor({years, wears ? 1.0F : 0.0F})})};
}

std::vector<Observation> observe_all(const Arguments& arguments, const nets::HouseEncoder& encoder) {
  const FacePhotos source = find_face_photos(arguments.photos);
  std::vector<Observation> observations;
  std::mutex mutex;
  std::exception_ptr failure;
  std::atomic<size_t> next = 0;
  Progress progress({.label = "directions",
                     .unit = "photos",
                     .rate_unit = "photos/s",
                     .total = static_cast<int64_t>(source.count)});
  const auto work = [&] {
    toon::compute_in_this_thread_alone();
    const at::NoGradGuard no_grad;
    nets::HouseEncoder own = encoder;  // a handle to the same network
    try {
      const auto read = source.new_reader();
      for (size_t i = next++; i < source.count && !interrupted(); i = next++) {
        progress.advance();
        try {
          Observation seen = observe(read(i), source.ages[i], own);
          const std::lock_guard lock(mutex);
          observations.push_back(std::move(seen));
        } catch (const Error& error) {
          spdlog::warn("left out: {}", error.what());
        }
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
      next = source.count;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < usable_cores(); ++t) threads.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  throw_if_interrupted();
  return observations;
}

int run_directions(const Arguments& arguments) {
  const checkpoint::CheckpointFile file(find_model(arguments.encoder, ".safetensors"));
  nets::HouseEncoder encoder = nets::load_house_encoder(file);
  encoder->prepare(at::kFloat);
  const std::vector<Observation> observations = observe_all(arguments, encoder);
  std::vector<at::Tensor> latents, attributes;
  for (const Observation& seen : observations) {
    latents.push_back(seen.latents);
    attributes.push_back(seen.attributes);
  }
  if (latents.empty()) throw Error(arguments.photos.photos.string() + ": no photo could be used");
  std::vector<std::string> names = training::landmark_attributes();
  names.insert(names.end(), {"age", "glasses"});
  at::Tensor known = at::stack(attributes);
  // What nobody differs in cannot be found: ages without an index.
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < std::ssize(names); ++i) {
    const at::Tensor column = known.select(1, i).masked_select(known.select(1, i).isnan().logical_not());
    if (column.numel() > 1 && (column.max() > column.min()).item<bool>()) {
      kept.push_back(i);
    } else {
      spdlog::warn("{}: not found, as it is not known or the same for all photos",
                   names[static_cast<size_t>(i)]);
    }
  }
  const at::Tensor directions =
      training::find_directions(at::stack(latents), known.index_select(1, at::tensor(kept)));
  std::filesystem::create_directories(arguments.output);
  for (size_t i = 0; i < kept.size(); ++i) {
    const std::string& name = names[static_cast<size_t>(kept[i])];
    const std::filesystem::path path = arguments.output / (name + ".safetensors");
    checkpoint::write_safetensors(path, {{"direction", directions[static_cast<int64_t>(i)].to(at::kHalf)}},
                                  {{"toonmirror.kind", "direction"},
                                   {"attribute", name},
                                   {"family", nets::family_of(file)},
                                   {"licence", "CC BY-NC-SA 4.0"},
                                   {"provenance", arguments.provenance}});
    spdlog::info("wrote {}", path.string());
  }
  spdlog::info("{} faces; a strength of 1 changes the attribute by one deviation among them", latents.size());
  return kDone;
}

}  // namespace

void add_train_directions(CLI::App& train, Action& chosen) {
  CLI::App* command = train.add_subcommand(
      "directions",
      "Find the directions of W+ that turn a face, make it smile, older …, for 'toonmirror edit'");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--photos", arguments->photos.photos, "Folder of photos of faces")->required();
  command->add_option(
      "--index", arguments->photos.index,
      "CSV with columns file and lm68, optional meta (age): PHOTOS holds FFHQ-aligned crops of 256 px");
  command->add_option("--labels", arguments->photos.labels,
                      "With --index: folder of face-parsing labels, NAME.png");
  command->add_option("--encoder", arguments->encoder, "House encoder that makes the latents")
      ->capture_default_str();
  command->add_option("--limit", arguments->photos.limit,
                      "Use only so many photos, evenly spread over the folder (0: all)");
  command->add_option("-o,--output", arguments->output, "Folder for the directions, one .safetensors each")
      ->required();
  command->add_option("--provenance", arguments->provenance,
                      "What they were found in, for the files' metadata");
  command->callback([arguments, &chosen] { chosen = [arguments] { return run_directions(*arguments); }; });
}

}  // namespace toonmirror::cli
