// The window without OpenGL: SDL_Renderer, which every machine has.
#include <imgui/imgui.h>

#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "display/painter.h"

namespace toonmirror::display {
namespace {

struct DestroyTexture {
  void operator()(SDL_Texture* texture) const { SDL_DestroyTexture(texture); }
};
using TexturePtr = std::unique_ptr<SDL_Texture, DestroyTexture>;

struct DestroyRenderer {
  void operator()(SDL_Renderer* renderer) const { SDL_DestroyRenderer(renderer); }
};

SDL_Rect sdl(const cv::Rect& rect) { return {rect.x, rect.y, rect.width, rect.height}; }

class SoftwarePainter : public Painter {
 public:
  explicit SoftwarePainter(SDL_Window* window) : renderer_(SDL_CreateRenderer(window, -1, 0)) {
    if (!renderer_) throw Error(std::string("the window cannot be drawn: ") + SDL_GetError());
  }

  const char* name() const override { return "SDL"; }

  cv::Size size() const override {
    cv::Size size;
    SDL_GetRendererOutputSize(renderer_.get(), &size.width, &size.height);
    return size;
  }

  void upload(const cv::Mat& before, const cv::Mat& after) override {
    load(before_, before_size_, before);
    load(after_, after_size_, after);
    same_ = can_wipe(before, after);
  }

  void begin_panel() override {
    if (!font_) load_font();
  }

  void* keep(const cv::Mat& rgb) override {
    cv::Size size;
    load(kept_.emplace_back(), size, rgb);
    return kept_.back().get();
  }

  void present(const View& view, ImDrawData* panel) override {
    SDL_Renderer* renderer = renderer_.get();
    SDL_SetRenderDrawColor(renderer, 15, 15, 18, 255);
    SDL_RenderClear(renderer);
    if (after_) {
      const cv::Rect place = fitted(after_size_, size());
      copy(after_, place, view.mirrored);
      if (view.wipe && same_) {
        cv::Rect left = place;
        left.width = static_cast<int>(view.wipe_at * place.width);
        const SDL_Rect clip = sdl(left);
        SDL_RenderSetClipRect(renderer, &clip);
        copy(before_, place, view.mirrored);
        SDL_RenderSetClipRect(renderer, nullptr);
        SDL_SetRenderDrawColor(renderer, 235, 235, 235, 255);
        SDL_RenderDrawLine(renderer, left.br().x, left.y, left.br().x, left.br().y - 1);
      }
      if (view.inset) copy(before_, inset_place(place, before_size_), view.mirrored);
    }
    if (panel != nullptr) draw_panel(*panel);
    SDL_RenderPresent(renderer);
  }

  cv::Mat screenshot() override {
    cv::Mat picture(size(), CV_8UC3);
    SDL_RenderReadPixels(renderer_.get(), nullptr, SDL_PIXELFORMAT_RGB24, picture.data,
                         static_cast<int>(picture.step));
    return picture;
  }

 private:
  void load(TexturePtr& texture, cv::Size& size, const cv::Mat& rgb) {
    if (!texture || size != rgb.size()) {
      texture.reset(SDL_CreateTexture(renderer_.get(), SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STREAMING,
                                      rgb.cols, rgb.rows));
      if (!texture) throw Error(std::string("the window cannot hold the picture: ") + SDL_GetError());
      SDL_SetTextureScaleMode(texture.get(), SDL_ScaleModeLinear);
      size = rgb.size();
    }
    SDL_UpdateTexture(texture.get(), nullptr, rgb.data, static_cast<int>(rgb.step));
  }

  void copy(const TexturePtr& texture, const cv::Rect& place, bool mirrored) {
    const SDL_Rect target = sdl(place);
    SDL_RenderCopyEx(renderer_.get(), texture.get(), nullptr, &target, 0, nullptr,
                     mirrored ? SDL_FLIP_HORIZONTAL : SDL_FLIP_NONE);
  }

  void load_font() {
    unsigned char* pixels = nullptr;
    int width = 0, height = 0;
    ImGui::GetIO().Fonts->GetTexDataAsRGBA32(&pixels, &width, &height);
    font_.reset(SDL_CreateTexture(renderer_.get(), SDL_PIXELFORMAT_ABGR8888, SDL_TEXTUREACCESS_STATIC, width,
                                  height));
    if (!font_) throw Error(std::string("the window cannot hold its font: ") + SDL_GetError());
    constexpr int kBytes = 4;
    SDL_UpdateTexture(font_.get(), nullptr, pixels, kBytes * width);
    SDL_SetTextureBlendMode(font_.get(), SDL_BLENDMODE_BLEND);
    ImGui::GetIO().Fonts->SetTexID(font_.get());
  }

  // Dear ImGui's triangles (the format of imgui.h, ImDrawVert).
  void draw_panel(const ImDrawData& panel) {
    for (int i = 0; i < panel.CmdListsCount; ++i) {
      const ImDrawList& list = *panel.CmdLists[i];
      for (const ImDrawCmd& command : list.CmdBuffer) {
        const ImVec4& area = command.ClipRect;
        const SDL_Rect clip = {static_cast<int>(area.x), static_cast<int>(area.y),
                               static_cast<int>(area.z - area.x), static_cast<int>(area.w - area.y)};
        if (clip.w <= 0 || clip.h <= 0) continue;
        SDL_RenderSetClipRect(renderer_.get(), &clip);
        const ImDrawVert* vertices = list.VtxBuffer.Data + command.VtxOffset;
        SDL_RenderGeometryRaw(
            renderer_.get(), static_cast<SDL_Texture*>(command.GetTexID()), &vertices->pos.x,
            sizeof(ImDrawVert), reinterpret_cast<const SDL_Color*>(&vertices->col), sizeof(ImDrawVert),
            &vertices->uv.x, sizeof(ImDrawVert), list.VtxBuffer.Size - static_cast<int>(command.VtxOffset),
            list.IdxBuffer.Data + command.IdxOffset, static_cast<int>(command.ElemCount), sizeof(ImDrawIdx));
      }
    }
    SDL_RenderSetClipRect(renderer_.get(), nullptr);
  }

  std::unique_ptr<SDL_Renderer, DestroyRenderer> renderer_;
  TexturePtr before_, after_, font_;
  std::vector<TexturePtr> kept_;
  cv::Size before_size_, after_size_;
  bool same_ = false;
};

}  // namespace

std::unique_ptr<Painter> make_software_painter(SDL_Window* window) {
  return std::make_unique<SoftwarePainter>(window);
}

}  // namespace toonmirror::display
