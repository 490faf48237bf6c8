// The window of `toonmirror live`: shows the session's pictures and turns keys into what it can do.
#pragma once

#include "app/live_session.h"
#include "display/window.h"

namespace toonmirror::app {

class LiveWindow {
 public:
  // Throws Error where there is no screen. `session` must outlive it.
  LiveWindow(const LiveArguments& arguments, LiveSession& session);

  // Until the user quits, after Ctrl-C, or after arguments.frames pictures. Throws Error as
  // LiveSession::wait.
  void run();

  // What is shown, CV_8UC3 RGB.
  cv::Mat screenshot() { return window_.screenshot(); }
  const display::View& view() const { return view_; }

 private:
  void obey(display::Command command);

  LiveArguments arguments_;
  LiveSession& session_;
  display::Window window_;
  display::View view_;
  bool quit_ = false;
};

}  // namespace toonmirror::app
