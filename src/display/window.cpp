#include "display/window.h"

#include <SDL.h>
#include <imgui/backends/imgui_impl_sdl.h>
#include <imgui/imgui.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "display/painter.h"

namespace toonmirror::display {
namespace {

constexpr const char* kNoScreenHint =
    "run it on a desktop; or without a window: toonmirror live --headless --record FILE";

class Sdl {
 public:
  Sdl() {
    // Ctrl-C is the program's own affair.
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_VIDEO_HIGHDPI_DISABLED, "0");
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0) {
      throw Error(std::string("no screen: ") + SDL_GetError(), kNoScreenHint);
    }
    // SDL would draw where nobody sees it rather than fail; only tests ask for that.
    const std::string driver = SDL_GetCurrentVideoDriver();
    if (SDL_getenv("SDL_VIDEODRIVER") == nullptr && (driver == "offscreen" || driver == "dummy")) {
      SDL_QuitSubSystem(SDL_INIT_VIDEO);
      throw Error("no screen: there is neither X nor Wayland here", kNoScreenHint);
    }
  }
  ~Sdl() { SDL_QuitSubSystem(SDL_INIT_VIDEO); }
  Sdl(const Sdl&) = delete;
  Sdl& operator=(const Sdl&) = delete;
};

struct DestroyWindow {
  void operator()(SDL_Window* window) const { SDL_DestroyWindow(window); }
};
using WindowPtr = std::unique_ptr<SDL_Window, DestroyWindow>;

WindowPtr make_window(const WindowOptions& options, Uint32 flags) {
  return WindowPtr(SDL_CreateWindow(options.title.c_str(), SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                    options.size.width, options.size.height,
                                    flags | SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI));
}

class Gui {
 public:
  Gui() {
    ImGui::CreateContext();
    ImGui::GetIO().IniFilename = nullptr;  // leaves no file behind
    ImGui::StyleColorsDark();
    // Debian's font where there is one: Dear ImGui's own is small.
    constexpr const char* kFont = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
    constexpr float kHeight_px = 16;
    std::error_code unreadable;
    if (std::filesystem::exists(kFont, unreadable)) {
      ImGui::GetIO().Fonts->AddFontFromFileTTF(kFont, kHeight_px);
    }
    constexpr float kRound_px = 6;
    ImGui::GetStyle().WindowRounding = ImGui::GetStyle().FrameRounding = kRound_px;
  }
  ~Gui() { ImGui::DestroyContext(); }
  Gui(const Gui&) = delete;
  Gui& operator=(const Gui&) = delete;
};

}  // namespace

struct Window::Impl {
  explicit Impl(const WindowOptions& options) {
    if (!options.software) make_gl(options);
    if (!painter) {
      window = make_window(options, 0);
      if (!window) throw Error(std::string("no window: ") + SDL_GetError());
      painter = make_software_painter(window.get());
    }
    ImGui_ImplSDL2_InitForOpenGL(window.get(), nullptr);  // needs no context for one window
    platform = true;
  }

  ~Impl() {
    if (platform) ImGui_ImplSDL2_Shutdown();
  }

  void make_gl(const WindowOptions& options) {
    SDL_GL_SetAttribute(SDL_GL_CONTEXT_PROFILE_MASK, SDL_GL_CONTEXT_PROFILE_CORE);
    SDL_GL_SetAttribute(SDL_GL_CONTEXT_MAJOR_VERSION, 3);
    SDL_GL_SetAttribute(SDL_GL_CONTEXT_MINOR_VERSION, 3);
    SDL_GL_SetAttribute(SDL_GL_DOUBLEBUFFER, 1);
    window = make_window(options, SDL_WINDOW_OPENGL);
    if (!window) {
      spdlog::debug("no window with OpenGL: {}", SDL_GetError());
      return;
    }
    try {
      painter = make_gl_painter(window.get());
    } catch (const Error& error) {
      spdlog::info("{}: drawing without it", error.what());
      window.reset();
    }
  }

  // The mouse's place in the picture, as a share of its width.
  void follow_mouse(int x, View& view) const {
    cv::Size units;
    SDL_GetWindowSize(window.get(), &units.width, &units.height);
    const cv::Rect place = fitted(shown, units);
    view.wipe_at = std::clamp(double(x - place.x) / std::max(1, place.width), 0.0, 1.0);
  }

  Sdl sdl;
  WindowPtr window;
  Gui gui;
  std::unique_ptr<Painter> painter;
  SampleTextures samples;
  bool platform = false, full_screen = false;
  cv::Size shown;
};

Window::Window(const WindowOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Window::~Window() = default;

std::vector<Command> Window::poll(View& view) {
  std::vector<Command> commands;
  for (SDL_Event event; SDL_PollEvent(&event) != 0;) {
    ImGui_ImplSDL2_ProcessEvent(&event);
    const ImGuiIO& io = ImGui::GetIO();
    if (event.type == SDL_QUIT) commands.push_back(Command::kQuit);
    if (event.type == SDL_WINDOWEVENT && event.window.event == SDL_WINDOWEVENT_CLOSE) {
      commands.push_back(Command::kQuit);
    }
    if (event.type == SDL_KEYDOWN && event.key.repeat == 0 && !io.WantTextInput) {
      if (const auto command = command_of(event.key.keysym.sym)) commands.push_back(*command);
    }
    if (event.type == SDL_MOUSEMOTION && view.wipe && !io.WantCaptureMouse) {
      impl_->follow_mouse(event.motion.x, view);
    }
  }
  if (view.full_screen != impl_->full_screen) {
    SDL_SetWindowFullscreen(impl_->window.get(), view.full_screen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    impl_->full_screen = view.full_screen;
  }
  return commands;
}

void Window::show(const cv::Mat& before, const cv::Mat& after) {
  impl_->painter->upload(before, after);
  impl_->shown = after.size();
}

void Window::draw(const View& view, PanelState& panel, const Figures& figures) {
  impl_->painter->begin_panel();
  ImGui_ImplSDL2_NewFrame();
  ImGui::NewFrame();
  for (const auto& [style, sample] : panel.samples) {
    if (!impl_->samples.contains(style)) impl_->samples[style] = impl_->painter->keep(sample);
  }
  draw_panel(panel, figures, impl_->samples);
  ImGui::Render();
  impl_->painter->present(view, ImGui::GetDrawData());
}

cv::Mat Window::screenshot() { return impl_->painter->screenshot(); }

std::string Window::painter() const { return impl_->painter->name(); }

}  // namespace toonmirror::display
