// The command live: without a window as a user runs it, and its window with keys pressed through SDL.
#include <SDL.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "app/live_window.h"
#include "base/error.h"
#include "media/video_reader.h"
#include "support/program.h"

namespace toonmirror::cli {
namespace {

using ::testing::HasSubstr;
using toonmirror::testing::ProgramResult;
using toonmirror::testing::run_program;
using toonmirror::testing::TemporaryFolder;

TEST(LiveCommand, RunsWithoutAWindow) {
  const TemporaryFolder folder;
  const std::string record = folder / "out.mp4";
  const ProgramResult result = run_program(
      TOONMIRROR_PROGRAM,
      {"live", "--camera", "test", "--headless", "--frames", "12", "--record", record, "--quiet", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const auto json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json["frames"], 12);
  EXPECT_GT(json["fps"].get<double>(), 0);
  EXPECT_GT(json["latency_p50_ms"].get<double>(), 0);
  EXPECT_GE(json["latency_p95_ms"].get<double>(), json["latency_p50_ms"].get<double>());
  EXPECT_GE(json["dropped"].get<int>(), 0);
  media::VideoReader reader(record);
  media::Frame frame;
  int count = 0;
  while (reader.read(frame)) ++count;
  EXPECT_GE(count, 6);
}

TEST(LiveCommand, SaysWhatItCannotOpen) {
  const auto error_of = [](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"live", "--headless", "--frames", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult result = run_program(TOONMIRROR_PROGRAM, arguments);
    EXPECT_NE(result.exit_code, 0);
    return result.errors;
  };
  EXPECT_THAT(error_of({"--camera", "missing.mp4"}), HasSubstr("missing.mp4"));
  EXPECT_THAT(error_of({"--camera", "no such camera"}), HasSubstr("--camera test"));
  EXPECT_THAT(error_of({"--camera", "test", "--virtual-camera", "/dev/video-none"}),
              HasSubstr("modprobe v4l2loopback"));
  EXPECT_THAT(error_of({"--camera", "test", "--record", "/none/there/out.mp4"}), HasSubstr("/none/there"));
  EXPECT_THAT(error_of({"--camera", "test", "--mode", "sing"}), HasSubstr("sing"));
}

TEST(LiveCommand, ListsCameras) {
  const ProgramResult result = run_program(TOONMIRROR_PROGRAM, {"live", "--list-cameras"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_FALSE(result.output.empty());
}

class LiveWindowTest : public ::testing::Test {
 protected:
  LiveWindowTest() {
    ::setenv("SDL_VIDEODRIVER", "offscreen", 0);
    arguments_.camera.source = "test";
    arguments_.driving = TOONMIRROR_SOURCE_DIR "/assets/demo.mp4";
  }

  static void press(SDL_Keycode key) {
    SDL_Event event{};
    event.type = SDL_KEYDOWN;
    event.key.keysym.sym = key;
    SDL_PushEvent(&event);
  }

  // Runs the window while `user` acts on another thread; then quits.
  template <typename User>
  void run(app::LiveSession& session, User user) {
    app::LiveWindow window(arguments_, session);
    std::jthread person([&] {
      user(window);
      press(SDLK_q);
    });
    window.run();
  }

  static void wait_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

  app::LiveArguments arguments_;
};

TEST_F(LiveWindowTest, ObeysEveryKey) {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder / "");
  arguments_.mode = "puppet";
  app::LiveSession session(arguments_);
  // A recording that ends before a picture was shown is an error, however slow the machine.
  const auto wait_for_pictures = [&session] {
    const auto wanted = session.presented_count() + 3;
    while (session.presented_count() < wanted) wait_ms(20);
  };
  run(session, [&](const app::LiveWindow&) {
    wait_for_pictures();
    for (const display::KeyBinding& binding : display::key_bindings()) {
      if (binding.command == display::Command::kQuit) continue;
      press(binding.key);
      wait_ms(150);
    }
    for (const SDL_Keycode key : {SDLK_s, SDLK_p, SDLK_r, SDLK_1}) {
      press(key);
      wait_ms(400);
      wait_for_pictures();
    }
    press(SDLK_r);
    wait_ms(300);
    wait_for_pictures();
  });
  session.finish();
  std::filesystem::current_path(before);
  EXPECT_TRUE(session.panel().help);
  EXPECT_TRUE(session.panel().panel);
  EXPECT_EQ(session.panel().settings.mode, live::LiveMode::kMirror);
  EXPECT_TRUE(session.panel().settings.square);
  int pictures = 0, styles = 0, videos = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "")) {
    pictures += entry.path().extension() == ".png" ? 1 : 0;
    styles += entry.path().extension() == ".toml" ? 1 : 0;
    videos += entry.path().extension() == ".mp4" ? 1 : 0;
  }
  EXPECT_GE(pictures, 1);
  EXPECT_GE(styles, 1);
  EXPECT_GE(videos, 1);
}

TEST_F(LiveWindowTest, TellsOfALostCameraAndQuits) {
  arguments_.camera.source = "no such camera";
  app::LiveSession session(arguments_);
  run(session, [&](const app::LiveWindow&) {
    while (session.figures().camera.state != media::CaptureState::kLost) wait_ms(10);
    wait_ms(200);
  });
  EXPECT_THAT(session.figures().camera.text, HasSubstr("no such camera"));
  EXPECT_EQ(session.presented_count(), 0);
}

TEST_F(LiveWindowTest, TakesAnotherCamera) {
  arguments_.camera.source = "no such camera";
  app::LiveSession session(arguments_);
  session.panel().wanted_camera = "test";  // as if typed into the panel
  run(session, [&](const app::LiveWindow&) {
    for (int i = 0; i < 500 && session.presented_count() == 0; ++i) wait_ms(20);
  });
  EXPECT_GT(session.presented_count(), 0);
}

}  // namespace
}  // namespace toonmirror::cli
