#include "display/window.h"

#include <SDL.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace toonmirror::display {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

const cv::Vec3b kRed(255, 0, 0), kBlue(0, 0, 255);

void press(SDL_Keycode key) {
  SDL_Event event{};
  event.type = SDL_KEYDOWN;
  event.key.keysym.sym = key;
  SDL_PushEvent(&event);
}

// Where SDL draws without a screen.
class WindowTest : public ::testing::TestWithParam<bool> {
 protected:
  WindowTest() {
    ::setenv("SDL_VIDEODRIVER", "offscreen", 0);
    try {
      window_ = std::make_unique<Window>(WindowOptions{.size = {640, 480}, .software = GetParam()});
    } catch (const Error& error) {
      problem_ = error.what();
    }
    panel_.figures = false;
  }

  void SetUp() override {
    if (!window_) GTEST_SKIP() << problem_;
  }

  cv::Mat shown() {
    window_->draw(view_, panel_, {});
    return window_->screenshot();
  }

  static cv::Vec3b at(const cv::Mat& picture, double x, double y) {
    return picture.at<cv::Vec3b>(static_cast<int>(y * picture.rows), static_cast<int>(x * picture.cols));
  }

  std::unique_ptr<Window> window_;
  std::string problem_;
  View view_{.mirrored = false};
  PanelState panel_;
};

cv::Mat filled(cv::Size size, const cv::Vec3b& colour) {
  return {size, CV_8UC3, cv::Scalar(colour[0], colour[1], colour[2])};
}

TEST_P(WindowTest, ShowsThePictureInItsAspect) {
  window_->show(filled({100, 50}, kBlue), filled({100, 50}, kRed));
  const cv::Mat picture = shown();
  EXPECT_EQ(at(picture, 0.5, 0.5), kRed);
  EXPECT_EQ(at(picture, 0.02, 0.5), kRed);
  EXPECT_LT(cv::norm(at(picture, 0.5, 0.05)), 60);  // above a wide picture there is none
}

TEST_P(WindowTest, MirrorsAndParts) {
  cv::Mat after = filled({64, 48}, kRed);
  after(cv::Rect(0, 0, 32, 48)).setTo(cv::Scalar(0, 255, 0));
  window_->show(filled({64, 48}, kBlue), after);
  EXPECT_EQ(at(shown(), 0.9, 0.5), kRed);
  view_.mirrored = true;
  EXPECT_EQ(at(shown(), 0.1, 0.5), kRed);
  view_.wipe = true;
  view_.wipe_at = 0.3;
  EXPECT_EQ(at(shown(), 0.1, 0.5), kBlue);
  EXPECT_EQ(at(shown(), 0.4, 0.5), kRed);
}

TEST_P(WindowTest, InsetShowsTheCamera) {
  window_->show(filled({64, 48}, kBlue), filled({64, 48}, kRed));
  view_.inset = true;
  EXPECT_EQ(at(shown(), 0.9, 0.9), kBlue);
  EXPECT_EQ(at(shown(), 0.1, 0.9), kRed);
}

TEST_P(WindowTest, DrawsPanelAndHelpOverThePicture) {
  window_->show(filled({64, 48}, kBlue), filled({64, 48}, kRed));
  const cv::Mat plain = shown().clone();
  panel_.help = panel_.panel = panel_.figures = true;
  panel_.resolutions = {4, 8, 16};
  panel_.samples["toon"] = filled({16, 16}, kBlue);
  shown();  // windows fit their contents from the second time on
  const cv::Mat covered = shown();
  cv::Mat difference;
  cv::absdiff(plain, covered, difference);
  EXPECT_GT(cv::countNonZero(difference.reshape(1)), 10000);
}

TEST_P(WindowTest, TurnsKeysIntoCommands) {
  window_->show(filled({64, 48}, kBlue), filled({64, 48}, kRed));
  shown();
  window_->poll(view_);  // what came with the window
  press(SDLK_w);
  press(SDLK_TAB);
  press(SDLK_F12);
  EXPECT_THAT(window_->poll(view_), ElementsAre(Command::kWipe, Command::kPanel));
  SDL_Event quit{};
  quit.type = SDL_QUIT;
  SDL_PushEvent(&quit);
  EXPECT_THAT(window_->poll(view_), Contains(Command::kQuit));
}

TEST_P(WindowTest, WipeFollowsTheMouse) {
  window_->show(filled({64, 48}, kBlue), filled({64, 48}, kRed));
  shown();
  window_->poll(view_);
  view_.wipe = true;
  SDL_Event motion{};
  motion.type = SDL_MOUSEMOTION;
  motion.motion.x = 480;
  motion.motion.y = 200;
  SDL_PushEvent(&motion);
  window_->poll(view_);
  EXPECT_NEAR(view_.wipe_at, 0.75, 0.01);
}

TEST_P(WindowTest, FollowsItsSize) {
  window_->show(filled({64, 48}, kBlue), filled({64, 48}, kRed));
  shown();
  SDL_Window* window = SDL_GetWindowFromID(1);
  for (Uint32 id = 1; window == nullptr && id < 100; ++id) window = SDL_GetWindowFromID(id);
  ASSERT_NE(window, nullptr);
  for (const cv::Size size : {cv::Size(300, 500), cv::Size(900, 200)}) {
    SDL_SetWindowSize(window, size.width, size.height);
    window_->poll(view_);
    const cv::Mat picture = shown();
    ASSERT_EQ(picture.size(), size);
    EXPECT_EQ(at(picture, 0.5, 0.5), kRed);
    const bool tall = size.height > size.width;
    EXPECT_LT(cv::norm(at(picture, tall ? 0.5 : 0.05, tall ? 0.05 : 0.5)), 60);
  }
}

TEST_P(WindowTest, TakesPicturesOfAnySize) {
  for (const cv::Size size : {cv::Size(1, 1), cv::Size(1920, 1080), cv::Size(33, 7), cv::Size(64, 48)}) {
    window_->show(filled(size, kBlue), filled(size, kRed));
    EXPECT_EQ(at(shown(), 0.5, 0.5), kRed) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Painters, WindowTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Software" : "OpenGL"; });

}  // namespace
}  // namespace toonmirror::display
