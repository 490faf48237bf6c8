// Who draws the window: OpenGL, or SDL's own renderer where that is missing. Internal to this layer.
#pragma once

#include <SDL.h>

#include <memory>
#include <opencv2/core.hpp>

#include "display/view.h"

struct ImDrawData;

namespace toonmirror::display {

class Painter {
 public:
  virtual ~Painter() = default;
  virtual const char* name() const = 0;
  // Pixels of the window, which are more than its units on fine screens.
  virtual cv::Size size() const = 0;
  // New pictures, CV_8UC3 RGB.
  virtual void upload(const cv::Mat& before, const cv::Mat& after) = 0;
  virtual void begin_panel() = 0;
  // A texture of `rgb` (CV_8UC3) for Dear ImGui, kept as long as the painter.
  virtual void* keep(const cv::Mat& rgb) = 0;
  // Draws everything, `panel` on top unless it is null, and presents it.
  virtual void present(const View& view, ImDrawData* panel) = 0;
  // What was presented last, CV_8UC3 RGB.
  virtual cv::Mat screenshot() = 0;
};

// Of a window that was made with SDL_WINDOW_OPENGL. Throws Error where there is no OpenGL 3.3.
std::unique_ptr<Painter> make_gl_painter(SDL_Window* window);
std::unique_ptr<Painter> make_software_painter(SDL_Window* window);

}  // namespace toonmirror::display
