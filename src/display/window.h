// The window: shows the newest picture, the panel over it, and says what the user asks for. Used by the
// thread that made it alone.
#pragma once

#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "display/keys.h"
#include "display/panel.h"
#include "display/view.h"

namespace toonmirror::display {

struct WindowOptions {
  std::string title = "Toonmirror";
  cv::Size size = {1024, 768};
  bool software = false;  // without OpenGL, even where there is one
};

class Window {
 public:
  // Throws Error where there is no screen to show it on.
  explicit Window(const WindowOptions& options = {});
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  // What happened since the last call: keys, and closing the window as Command::kQuit. Follows the mouse
  // with view.wipe_at. Keys that go to a text field of the panel are not commands.
  std::vector<Command> poll(View& view);

  // Pictures for the next draws, CV_8UC3 RGB.
  void show(const cv::Mat& before, const cv::Mat& after);

  // Draws picture, panel, figures and help, and waits for the screen to take it.
  void draw(const View& view, PanelState& panel, const Figures& figures);

  // What is shown, CV_8UC3 RGB.
  cv::Mat screenshot();

  // "OpenGL" or "SDL".
  std::string painter() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace toonmirror::display
