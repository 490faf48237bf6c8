// toonmirror animate and toonmirror avatar: a photo, or the drawing of it, moves as a video does.
#include "toon/animate.h"

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>

#include "app/batch.h"
#include "app/reports.h"
#include "base/log.h"
#include "base/model_path.h"
#include "base/usage_error.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "media/probe.h"
#include "media/still.h"
#include "nets/find_networks.h"
#include "nets/motion_yaml.h"
#include "toon/style.h"

namespace toonmirror::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kMostStrength = 1.5;

// What makes an avatar of a photo.
struct AvatarArguments {
  std::string style = toon::kDefaultStyle;
  toon::DrawWith draw = toon::DrawWith::kAuto;
  bool no_toon = false;
  std::string model = "motion";
  std::string config;
  ComputeOptions compute;
};

void add_avatar_options(CLI::App& command, AvatarArguments& arguments) {
  add_style_option(command, arguments.style);
  add_draw_option(command, arguments.draw, "the photo");
  command.add_flag("--no-toon", arguments.no_toon, "Move the photo itself instead of a drawing of it");
  command
      .add_option("--motion-model", arguments.model,
                  "First Order Motion Model: the house's, or a file such as vox-cpk.pth.tar")
      ->type_name("NAME|FILE");
  command.add_option("--config", arguments.config, "The .yaml published beside a First Order Motion Model")
      ->type_name("FILE");
  add_compute_options(command, arguments.compute);
}

// Makes avatars of photos, and reads avatar packs.
class AvatarMaker {
 public:
  AvatarMaker(const AvatarArguments& arguments, bool draws)
      : compute_(choose_compute(arguments.compute)),
        face_models_(tracking::load_face_models()),
        draw_(arguments.draw) {
    if (arguments.no_toon && draw_ == toon::DrawWith::kTeacher) {
      throw UsageError("--no-toon moves the photo itself: nobody draws it", "leave out --draw");
    }
    std::optional<nets::MotionModelOptions> options;
    if (!arguments.config.empty()) options = nets::read_motion_options(arguments.config);
    const fs::path file = find_model(arguments.model, ".safetensors");
    model_ = nets::open_motion_model(checkpoint::CheckpointFile(file), options);
    model_->prepare(compute_.precision);
    if (draws && !arguments.no_toon) {
      toonifier_.emplace(toon::find_style(arguments.style), compute_.precision, compute_.device);
    }
  }

  toon::Avatar make(const fs::path& source) {
    if (toon::is_avatar_pack(source)) return toon::read_avatar(source, model_, face_models_);
    const media::StillImage image = media::read_still(source);
    for (const std::string& warning : image.warnings) spdlog::warn("{}", warning);
    const cv::Mat photo(image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.rgb.data()));
    return toon::make_avatar(photo, source.string(), toonifier_ ? &*toonifier_ : nullptr, model_,
                             face_models_, draw_);
  }

  nets::MotionModel& model() { return model_; }
  const tracking::FaceModels& face_models() const { return face_models_; }
  int threads() const { return compute_.threads; }

 private:
  Compute compute_;
  tracking::FaceModels face_models_;
  nets::MotionModel model_{nullptr};
  toon::DrawWith draw_;
  std::optional<toon::Toonifier> toonifier_;
};

struct AnimateArguments {
  AvatarArguments avatar;
  std::vector<std::string> sources;
  std::string driving, output;
  std::string codec = "auto", preset = "medium";
  std::optional<int> crf;
  bool absolute = false, no_adapt_scale = false, no_relative_jacobian = false;
  nets::MotionStrengths strengths;
  toon::AnimateOptions options;
  bool json = false;
};

// Photos and avatar packs; folders stand for the photos in them.
std::vector<fs::path> expand_sources(const std::vector<std::string>& names) {
  std::vector<fs::path> sources;
  for (const std::string& name : names) {
    if (toon::is_avatar_pack(name)) {
      sources.emplace_back(name);
      continue;
    }
    for (const fs::path& input : app::expand_inputs({name})) {
      if (names.size() == 1 || media::probe(input) == media::InputKind::kStill) sources.push_back(input);
    }
  }
  return sources;
}

// Pose, expression and gaze can be told apart where a mesh says what is what.
void check_strengths(const AnimateArguments& arguments, const nets::MotionModel& model) {
  const nets::MotionStrengths& strengths = arguments.strengths;
  if (strengths.pose == 1 && strengths.expression == 1 && strengths.gaze == 1) return;
  if (arguments.absolute) {
    throw UsageError("--absolute takes poses and expressions as they are",
                     "leave out --pose, --expression and --gaze, or --absolute");
  }
  if (model->options().mesh_kp == 0) {
    throw UsageError("this motion model does not tell pose, expression and gaze apart",
                     "leave out --pose, --expression and --gaze, or take the house's model");
  }
}

int run_animate(AnimateArguments arguments) {
  toon::AnimateOptions& options = arguments.options;
  options.motion = {!arguments.absolute, !arguments.no_relative_jacobian, !arguments.no_adapt_scale,
                    arguments.strengths};
  options.video.codec = arguments.codec;
  options.video.crf = arguments.crf;
  options.video.preset = arguments.preset;
  const std::vector<fs::path> sources = expand_sources(arguments.sources);
  app::Batch batch(arguments.sources, sources, arguments.output);
  const bool draws = std::ranges::any_of(sources, [](const fs::path& s) { return !toon::is_avatar_pack(s); });
  AvatarMaker maker(arguments.avatar, draws);
  check_strengths(arguments, maker.model());
  options.workers = maker.threads();
  // Avatars first: a mistake in a photo should not cost the analysis of a long video.
  std::map<fs::path, toon::Avatar> avatars;
  batch.run([&](app::BatchItem& item) { avatars.emplace(item.input, maker.make(item.input)); });
  if (avatars.empty()) return finish_batch(batch, arguments.json);
  const toon::DrivingMotion motion =
      toon::detect_motion(toon::analyse_driving(arguments.driving, maker.face_models()), maker.model(),
                          options.motion.relative, options.workers);
  for (const std::string& warning : motion.driving.warnings) spdlog::warn("{}", warning);
  batch.run([&](app::BatchItem& item) {
    batch.name_result(item, media::InputKind::kVideo);
    const toon::AnimateReport report =
        toon::animate(avatars.at(item.input), motion, maker.model(), item.output, options);
    for (const std::string& notice : report.notices) spdlog::info("{}", notice);
    item.report = app::to_json(report);
    if (!arguments.json && verbosity() != Verbosity::kQuiet) {
      std::cout << app::summary(item.output, report) << std::flush;
    }
  });
  return finish_batch(batch, arguments.json);
}

}  // namespace

void add_animate(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("animate", "Make a photo, or a drawing of it, move as a video does");
  auto arguments = std::make_shared<AnimateArguments>();
  command
      ->add_option("--source", arguments->sources,
                   "Photos, folders of photos, or avatar packs: what is moved")
      ->type_name("PHOTO")
      ->required();
  command->add_option("--driving", arguments->driving, "Video of one face: how it is moved")
      ->type_name("VIDEO")
      ->required();
  command->add_option("-o,--output", arguments->output, "The video to write; a folder for several sources")
      ->type_name("FILE|FOLDER")
      ->required();
  command->add_flag("--square", arguments->options.square,
                    "Write the moved square alone, 256 to 1024 px, as large as it is in the photo");
  command->add_flag("--absolute", arguments->absolute,
                    "Take poses as they are, with the driving face's shape, instead of as changes");
  command->add_flag("--from-first-frame", arguments->options.from_first_frame,
                    "Count changes from the first frame, not from the one most like the photo");
  command->add_flag("--no-adapt-scale", arguments->no_adapt_scale,
                    "Do not scale movements by the two faces' sizes");
  command->add_flag("--no-relative-jacobian", arguments->no_relative_jacobian,
                    "Take the turns and stretches around key points as they are");
  const auto add_strength = [&](const char* name, double& strength, const char* help) {
    command->add_option(name, strength, help)->check(CLI::Range(0.0, kMostStrength));
  };
  add_strength("--pose", arguments->strengths.pose, "How much of turning, nodding and moving is followed");
  add_strength("--expression", arguments->strengths.expression,
               "How much of mouth, brows and lids is followed");
  add_strength("--gaze", arguments->strengths.gaze, "How much of the eyes' looking about is followed");
  add_avatar_options(*command, arguments->avatar);
  command->add_option("--codec", arguments->codec, "auto, h264, hevc, vp9, av1 or ffv1 (lossless)")
      ->type_name("NAME");
  command->add_option("--crf", arguments->crf, "Quality, lower is better (default: the codec's)")
      ->type_name("N");
  command->add_option("--preset", arguments->preset, "Speed of the video encoder: ultrafast … veryslow")
      ->type_name("NAME");
  add_json_option(*command, arguments->json);
  add_verbosity_options(*command);
  command->callback([arguments, &chosen] { chosen = [arguments] { return run_animate(*arguments); }; });
}

void add_avatar(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("avatar", "Avatar packs: a drawn photo, ready to be moved, in one file");
  command->require_subcommand(1);
  CLI::App* create = command->add_subcommand("create", "Make one of a photo");
  struct Arguments {
    AvatarArguments avatar;
    std::string photo, output;
  };
  auto arguments = std::make_shared<Arguments>();
  create->add_option("PHOTO", arguments->photo, "The photo; its largest face is used")->required();
  create->add_option("-o,--output", arguments->output, "The avatar pack to write")
      ->type_name("FILE")
      ->required();
  add_avatar_options(*create, arguments->avatar);
  add_verbosity_options(*create);
  create->callback([arguments, &chosen] {
    chosen = [arguments] {
      AvatarMaker maker(arguments->avatar, /*draws=*/true);
      toon::write_avatar(arguments->output, maker.make(arguments->photo), maker.model());
      spdlog::info("wrote {}", arguments->output);
      return kDone;
    };
  });
}

}  // namespace toonmirror::cli
