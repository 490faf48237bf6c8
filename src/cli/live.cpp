// toonmirror live: a camera's picture as a cartoon, now.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "app/live_session.h"
#include "app/live_window.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "media/cameras.h"

namespace toonmirror::cli {
namespace {

constexpr auto kTick = std::chrono::milliseconds(15);

int print_cameras() {
  const std::vector<media::Camera> cameras = media::list_cameras();
  if (cameras.empty())
    std::cout << "no camera found; a file or 'test' can stand in for one: --camera clip.mp4\n";
  for (const media::Camera& camera : cameras) {
    std::cout << camera.device.string() << ": " << camera.name;
    if (!camera.problem.empty()) std::cout << " (" << camera.problem << ")";
    std::cout << '\n';
    for (const media::CameraMode& mode : camera.modes) {
      std::cout << fmt::format("  {:<9} {}x{}, {:.0f} fps\n", mode.format.empty() ? "(unknown)" : mode.format,
                               mode.width, mode.height, mode.rate);
    }
  }
  return kDone;
}

void run_headless(const app::LiveArguments& arguments, app::LiveSession& session) {
  while (!interrupted() && (arguments.frames == 0 || session.presented_count() < arguments.frames)) {
    const std::optional<live::LivePicture> picture = session.wait(kTick);
    session.obey_panel();
    if (picture) session.presented(*picture);
  }
}

int run_live(const app::LiveArguments& arguments) {
  app::LiveSession session(arguments);
  if (arguments.headless) {
    run_headless(arguments, session);
  } else {
    app::LiveWindow(arguments, session).run();
  }
  session.finish();
  if (arguments.json) {
    std::cout << session.json() << std::endl;
  } else if (verbosity() != Verbosity::kQuiet) {
    std::cout << session.summary();
  }
  return kDone;
}

}  // namespace

void add_live(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("live", "A camera's picture as a cartoon, in a window");
  auto arguments = std::make_shared<app::LiveArguments>();
  auto list = std::make_shared<bool>(false);
  app::LiveArguments& a = *arguments;
  command
      ->add_option("--camera", a.camera.source,
                   "Number, device or name of a camera, an rtsp:// or http:// "
                   "address, a file to play, or 'test'")
      ->type_name("SOURCE");
  command->add_flag("--list-cameras", *list, "List the cameras and their formats, and exit");
  command->add_option("--width", a.camera.width, "Wanted of the camera (0: what suits)")
      ->type_name("PX")
      ->check(CLI::Range(0, 16384));
  command->add_option("--height", a.camera.height, "Wanted of the camera (0: what suits)")
      ->type_name("PX")
      ->check(CLI::Range(0, 16384));
  command->add_option("--rate", a.camera.rate, "Pictures per second wanted of the camera (0: what suits)")
      ->type_name("FPS")
      ->check(CLI::Range(0.0, 1000.0));
  command->add_option("--format", a.camera.format, "Wanted of the camera: mjpeg, yuyv or h264")
      ->check(CLI::IsMember({"", "mjpeg", "yuyv", "h264"}));
  command
      ->add_option(
          "--mode", a.mode,
          "mirror: every picture is drawn; animate: a video moves the drawn face; puppet: you move it")
      ->check(CLI::IsMember({"mirror", "animate", "puppet"}));
  command->add_option("--driving", a.driving, "Video that moves the face in the mode animate")
      ->type_name("FILE");
  add_style_option(*command, a.style);
  command
      ->add_option("--motion-model", a.motion_model,
                   "First Order Motion Model of the modes animate and puppet")
      ->type_name("NAME|FILE");
  add_paste_option(*command, a.paste);
  add_scene_option(*command, a.scene);
  add_size_option(*command, a.size_px);
  add_faces_option(*command, a.faces);
  add_no_face_option(*command, a.no_face);
  command->add_option("--stability", a.stability, "How much the drawing is steadied, 0 to 1")
      ->check(CLI::Range(0.0, 1.0));
  command
      ->add_option("--target-fps", a.target_fps,
                   "Give up quality where fewer pictures a second come (0: never)")
      ->type_name("FPS")
      ->check(CLI::Range(0.0, 240.0));
  command->add_option("--record", a.record, "Record to this file from the start")->type_name("FILE");
  command
      ->add_option("--microphone", a.microphone,
                   "Sound of recordings: auto (the default microphone beside a camera), none, default, or "
                   "FORMAT:DEVICE "
                   "as FFmpeg names them")
      ->type_name("SOURCE");
  command
      ->add_option("--virtual-camera", a.virtual_camera, "Also hand the pictures to this v4l2loopback device")
      ->type_name("DEVICE");
  command->add_flag("--headless", a.headless, "Without a window");
  command->add_option("--frames", a.frames, "End after so many pictures (0: never)")
      ->type_name("N")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40));
  command->add_flag("--full-screen", a.full_screen, "Begin in full screen");
  command->add_flag("--no-opengl", a.software, "Draw the window without OpenGL");
  add_compute_options(*command, a.compute);
  add_json_option(*command, a.json);
  add_verbosity_options(*command);
  command->callback([arguments, list, &chosen] {
    chosen = [arguments, list] { return *list ? print_cameras() : run_live(*arguments); };
  });
}

}  // namespace toonmirror::cli
