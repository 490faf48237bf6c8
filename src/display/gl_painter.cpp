#include <epoxy/gl.h>
#include <imgui/backends/imgui_impl_opengl3.h>
#include <imgui/imgui.h>

#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "display/painter.h"
#include "display/shaders.h"

namespace toonmirror::display {
namespace {

GLuint compile(GLenum kind, const char* text) {
  const GLuint shader = glCreateShader(kind);
  glShaderSource(shader, 1, &text, nullptr);
  glCompileShader(shader);
  GLint compiled = GL_FALSE;
  glGetShaderiv(shader, GL_COMPILE_STATUS, &compiled);
  if (compiled == GL_TRUE) return shader;
  char log[512] = "";
  glGetShaderInfoLog(shader, sizeof(log), nullptr, log);
  throw Error(std::string("OpenGL refuses a shader: ") + log);
}

// A picture on the graphics side.
class Texture {
 public:
  Texture() { glGenTextures(1, &name_); }
  ~Texture() { glDeleteTextures(1, &name_); }
  Texture(const Texture&) = delete;
  Texture& operator=(const Texture&) = delete;

  void upload(const cv::Mat& rgb) {
    glBindTexture(GL_TEXTURE_2D, name_);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    glPixelStorei(GL_UNPACK_ROW_LENGTH, static_cast<GLint>(rgb.step / rgb.elemSize()));
    if (rgb.size() != size_) {
      size_ = rgb.size();
      glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
      glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
      glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
      glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
      glTexImage2D(GL_TEXTURE_2D, 0, GL_RGB8, rgb.cols, rgb.rows, 0, GL_RGB, GL_UNSIGNED_BYTE, rgb.data);
    } else {
      glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, rgb.cols, rgb.rows, GL_RGB, GL_UNSIGNED_BYTE, rgb.data);
    }
    glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
  }

  void bind(GLenum unit) const {
    glActiveTexture(unit);
    glBindTexture(GL_TEXTURE_2D, name_);
  }

  cv::Size size() const { return size_; }
  GLuint name() const { return name_; }

 private:
  GLuint name_ = 0;
  cv::Size size_;
};

class Context {
 public:
  explicit Context(SDL_Window* window) : context_(SDL_GL_CreateContext(window)) {
    if (context_ == nullptr) throw Error(std::string("no OpenGL 3.3: ") + SDL_GetError());
  }
  ~Context() { SDL_GL_DeleteContext(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

 private:
  SDL_GLContext context_;
};

class GlPainter : public Painter {
 public:
  explicit GlPainter(SDL_Window* window) : window_(window), context_(window) {
    constexpr int kNeeded = 33;
    if (epoxy_gl_version() < kNeeded) throw Error("no OpenGL 3.3, which the window is drawn with");
    SDL_GL_SetSwapInterval(1);
    const GLuint vertex = compile(GL_VERTEX_SHADER, kViewVertexShader);
    const GLuint fragment = compile(GL_FRAGMENT_SHADER, kViewFragmentShader);
    program_ = glCreateProgram();
    glAttachShader(program_, vertex);
    glAttachShader(program_, fragment);
    glLinkProgram(program_);
    glDeleteShader(vertex);
    glDeleteShader(fragment);
    GLint linked = GL_FALSE;
    glGetProgramiv(program_, GL_LINK_STATUS, &linked);
    if (linked != GL_TRUE) throw Error("OpenGL cannot link its shaders");
    glGenVertexArrays(1, &vertices_);
    ImGui_ImplOpenGL3_Init("#version 330 core");
  }

  ~GlPainter() override {
    ImGui_ImplOpenGL3_Shutdown();
    glDeleteVertexArrays(1, &vertices_);
    glDeleteProgram(program_);
  }

  const char* name() const override { return "OpenGL"; }

  cv::Size size() const override {
    cv::Size size;
    SDL_GL_GetDrawableSize(window_, &size.width, &size.height);
    return size;
  }

  void upload(const cv::Mat& before, const cv::Mat& after) override {
    before_.upload(before);
    after_.upload(after);
    same_ = can_wipe(before, after);
  }

  void begin_panel() override { ImGui_ImplOpenGL3_NewFrame(); }

  void* keep(const cv::Mat& rgb) override {
    kept_.push_back(std::make_unique<Texture>());
    kept_.back()->upload(rgb);
    // Dear ImGui hands the number back to its own backend.
    return reinterpret_cast<void*>(
        static_cast<uintptr_t>(kept_.back()->name()));  // NOLINT(performance-no-int-to-ptr)
  }

  void present(const View& view, ImDrawData* panel) override {
    const cv::Size window = size();
    glViewport(0, 0, window.width, window.height);
    glClearColor(0.06f, 0.06f, 0.07f, 1.0f);
    glClear(GL_COLOR_BUFFER_BIT);
    if (after_.size().area() > 0) {
      const cv::Rect place = fitted(after_.size(), window);
      draw(before_, after_, place, view.mirrored, view.wipe && same_ ? view.wipe_at : 0);
      if (view.inset) {
        draw(before_, before_, inset_place(place, before_.size()), view.mirrored, 0);
      }
    }
    glViewport(0, 0, window.width, window.height);
    if (panel != nullptr) ImGui_ImplOpenGL3_RenderDrawData(panel);
    SDL_GL_SwapWindow(window_);
  }

  cv::Mat screenshot() override {
    const cv::Size window = size();
    cv::Mat picture(window, CV_8UC3);
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    glReadBuffer(GL_FRONT);
    glReadPixels(0, 0, window.width, window.height, GL_RGB, GL_UNSIGNED_BYTE, picture.data);
    cv::flip(picture, picture, 0);
    return picture;
  }

 private:
  void draw(const Texture& before, const Texture& after, const cv::Rect& place, bool mirrored,
            double wipe) const {
    glViewport(place.x, size().height - place.br().y, place.width, place.height);
    glUseProgram(program_);
    before.bind(GL_TEXTURE0);
    after.bind(GL_TEXTURE1);
    glUniform1i(glGetUniformLocation(program_, "before"), 0);
    glUniform1i(glGetUniformLocation(program_, "after"), 1);
    glUniform1i(glGetUniformLocation(program_, "mirrored"), mirrored ? 1 : 0);
    glUniform1f(glGetUniformLocation(program_, "wipe"), static_cast<float>(wipe));
    glUniform1f(glGetUniformLocation(program_, "width_px"), static_cast<float>(place.width));
    glBindVertexArray(vertices_);
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
    glActiveTexture(GL_TEXTURE0);
  }

  SDL_Window* window_;
  Context context_;
  GLuint program_ = 0, vertices_ = 0;
  Texture before_, after_;
  std::vector<std::unique_ptr<Texture>> kept_;
  bool same_ = false;
};

}  // namespace

std::unique_ptr<Painter> make_gl_painter(SDL_Window* window) { return std::make_unique<GlPainter>(window); }

}  // namespace toonmirror::display
