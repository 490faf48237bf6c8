#include "display/panel.h"

#include <imgui/imgui.h>
#include <imgui/imgui_stdlib.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "display/keys.h"

namespace toonmirror::display {
namespace {

constexpr ImGuiWindowFlags kPlain = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_AlwaysAutoResize |
                                    ImGuiWindowFlags_NoNav | ImGuiWindowFlags_NoSavedSettings;

bool slider(const char* label, double& value, double low, double high) {
  auto number = static_cast<float>(value);
  const bool moved =
      ImGui::SliderFloat(label, &number, static_cast<float>(low), static_cast<float>(high), "%.2f");
  if (moved) value = number;
  return moved;
}

void draw_modes(PanelState& state) {
  struct Choice {
    const char* name;
    live::LiveMode mode;
  };
  for (const Choice& choice :
       {Choice{"mirror", live::LiveMode::kMirror}, Choice{"animate", live::LiveMode::kAnimate},
        Choice{"puppet", live::LiveMode::kPuppet}}) {
    if (ImGui::RadioButton(choice.name, state.settings.mode == choice.mode)) {
      state.settings.mode = choice.mode;
      state.settings_changed = true;
    }
    ImGui::SameLine();
  }
  ImGui::NewLine();
  if (state.settings.mode == live::LiveMode::kMirror) return;
  state.wants_capture = ImGui::Button("Capture face");
  ImGui::SameLine();
  state.wants_recalibration = ImGui::Button("This pose");
  ImGui::SameLine();
  state.wants_avatar_exported = ImGui::Button("Export avatar");
  if (state.settings.mode == live::LiveMode::kAnimate &&
      ImGui::InputText("driving video", &state.driving, ImGuiInputTextFlags_EnterReturnsTrue)) {
    state.wanted_driving = state.driving;
  }
}

void draw_styles(PanelState& state, const SampleTextures& samples) {
  constexpr float kSample = 64;
  if (!ImGui::BeginCombo("style", state.style.c_str(), ImGuiComboFlags_HeightLargest)) return;
  for (const std::string& name : state.styles) {
    if (const auto sample = samples.find(name); sample != samples.end()) {
      ImGui::Image(sample->second, {kSample, kSample});
    } else {
      ImGui::Dummy({kSample, kSample});
    }
    ImGui::SameLine();
    if (ImGui::Selectable(name.c_str(), name == state.style, 0, {0, kSample})) state.wanted_style = name;
  }
  ImGui::EndCombo();
}

// Which share of every block is the child's, as sliders.
void draw_layers(PanelState& state) {
  toon::Blend& blend = state.recipe.blend;
  const size_t count = state.resolutions.size();
  if (blend.weights.size() != count) blend.weights.assign(count, 1.0);
  for (size_t i = 0; i < count; ++i) {
    const std::string label = std::to_string(state.resolutions[i]) + " px";
    state.recipe_changed |= slider(label.c_str(), blend.weights[i], 0, 1);
  }
}

void draw_blend(PanelState& state) {
  if (state.recipe.child.empty()) return;
  using Method = toon::Blend::Method;
  toon::Blend& blend = state.recipe.blend;
  struct Choice {
    const char* name;
    Method method;
  };
  for (const Choice& choice : {Choice{"drawing", Method::kChild}, Choice{"split", Method::kPinkney},
                               Choice{"layers", Method::kLayers}}) {
    if (ImGui::RadioButton(choice.name, blend.method == choice.method)) {
      blend.method = choice.method;
      if (blend.method == Method::kLayers) blend.weights.assign(state.resolutions.size(), 1.0);
      state.recipe_changed = true;
    }
    ImGui::SameLine();
  }
  ImGui::NewLine();
  if (blend.method == Method::kLayers) draw_layers(state);
  if (blend.method != Method::kPinkney) return;
  int power = static_cast<int>(std::lround(std::log2(blend.resolution)));
  const int finest = static_cast<int>(std::lround(std::log2(state.resolutions.back())));
  const std::string label = std::to_string(blend.resolution) + " px";
  if (ImGui::SliderInt("split", &power, 2, finest, label.c_str())) {
    blend.resolution = int64_t{1} << power;
    state.recipe_changed = true;
  }
  state.recipe_changed |= slider("width", blend.width, 0, 2);
  bool drawn_shapes = blend.structure == toon::Blend::Side::kChild;
  if (ImGui::Checkbox("shapes of the drawing", &drawn_shapes)) {
    blend.structure = drawn_shapes ? toon::Blend::Side::kChild : toon::Blend::Side::kFace;
    state.recipe_changed = true;
  }
}

void draw_controls(PanelState& state, const Figures& figures, const SampleTextures& samples) {
  ImGui::SetNextWindowPos({12, 12}, ImGuiCond_FirstUseEver);
  ImGui::SetNextWindowSize({360, 0}, ImGuiCond_FirstUseEver);
  if (!ImGui::Begin("Toonmirror", &state.panel)) {
    ImGui::End();
    return;
  }
  draw_modes(state);
  draw_styles(state, samples);
  if (ImGui::CollapsingHeader("Blend", ImGuiTreeNodeFlags_DefaultOpen)) {
    draw_blend(state);
    state.recipe_changed |= slider("psi", state.recipe.psi, 0, 1.5);
    state.recipe_changed |= slider("likeness", state.recipe.likeness, 0, 1);
    state.wants_recipe_saved = ImGui::Button("Save recipe");
    if (ImGui::InputText("load recipe", &state.recipe_file, ImGuiInputTextFlags_EnterReturnsTrue)) {
      state.wanted_style = state.recipe_file;
    }
  }
  live::LiveSettings& settings = state.settings;
  if (ImGui::CollapsingHeader("Mix with another face")) {
    state.settings_changed |= slider("share", settings.mix_share, 0, 1);
    int seed = static_cast<int>(settings.mix_seed);
    if (ImGui::InputInt("seed", &seed)) {
      settings.mix_seed = static_cast<uint32_t>(std::max(0, seed));
      state.settings_changed = true;
    }
    if (ImGui::InputText("saved face", &state.mix_file, ImGuiInputTextFlags_EnterReturnsTrue)) {
      state.wanted_mix = state.mix_file;
    }
    state.settings_changed |=
        ImGui::SliderInt("from row", &settings.mix_from_row, 0, std::max(state.latent_rows - 1, 1));
  }
  if (ImGui::CollapsingHeader("Picture", ImGuiTreeNodeFlags_DefaultOpen)) {
    state.settings_changed |= slider("stability", settings.stability, 0, 1);
    state.settings_changed |= slider("soft edge", settings.paste.softness, 0, 1);
    int paste = static_cast<int>(settings.paste.mode);
    if (ImGui::Combo("drawn", &paste, "the head\0the face alone\0the whole square\0")) {
      settings.paste.mode = static_cast<toon::PasteMode>(paste);
      state.settings_changed = true;
    }
    constexpr std::array<int, 3> kSizes_px = {toon::DrawingSizes::kAuto, 256, 512};
    // Of the larger ones that the command line offers it shows the largest it knows.
    const auto chosen = std::ranges::find(kSizes_px, std::min(settings.size_px, kSizes_px.back()));
    int size = static_cast<int>(chosen - kSizes_px.begin());
    if (ImGui::Combo("size", &size,
                     "as the face needs\0"
                     "256 px\0"
                     "512 px\0")) {
      settings.size_px = kSizes_px[static_cast<size_t>(size)];
      state.settings_changed = true;
    }
    int scene = static_cast<int>(settings.paste.scene);
    if (ImGui::Combo("around it", &scene, "as the style says\0the photo\0drawn\0")) {
      settings.paste.scene = static_cast<toon::SceneChoice>(scene);
      state.settings_changed = true;
    }
    bool largest = settings.faces == toon::FaceChoice::kLargest;
    if (ImGui::Checkbox("the largest face alone", &largest)) {
      settings.faces = largest ? toon::FaceChoice::kLargest : toon::FaceChoice::kAll;
      state.settings_changed = true;
    }
    state.settings_changed |= ImGui::Checkbox("its square alone", &settings.square);
  }
  if (ImGui::CollapsingHeader("In and out", ImGuiTreeNodeFlags_DefaultOpen)) {
    if (ImGui::InputText("camera", &state.camera, ImGuiInputTextFlags_EnterReturnsTrue)) {
      state.wanted_camera = state.camera;
    }
    state.wants_recording = ImGui::Button(figures.recording ? "Stop recording" : "Record");
    ImGui::SameLine();
    state.wants_snapshot = ImGui::Button("Snapshot");
    if (figures.recording) ImGui::Text("recording: %.0f s", figures.recorded_s);
  }
  ImGui::End();
}

void draw_figures(const Figures& figures) {
  const ImVec2 window = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({window.x - 12, 12}, ImGuiCond_Always, {1, 0});
  ImGui::SetNextWindowBgAlpha(0.55f);
  if (ImGui::Begin("figures", nullptr, kPlain | ImGuiWindowFlags_NoInputs)) {
    ImGui::Text("%.1f fps   latency %.0f / %.0f ms (p50 / p95)", figures.fps, figures.latency_p50_ms,
                figures.latency_p95_ms);
    ImGui::Text("camera %.1f fps, %lld dropped", figures.camera.frames_per_second,
                static_cast<long long>(figures.camera.dropped));
    for (const StageCost& stage : figures.live.stages) {
      ImGui::TextUnformatted(stage.stage.c_str());
      ImGui::SameLine(110);
      ImGui::Text("%5.1f ms", stage.p50_ms);
    }
    ImGui::Text("jitter at rest %.2f px", figures.live.jitter_px);
    if (figures.live.quality != "full") ImGui::Text("quality: %s", figures.live.quality.c_str());
    if (figures.recording) ImGui::TextColored({1, 0.3f, 0.3f, 1}, "recording %.0f s", figures.recorded_s);
  }
  ImGui::End();
}

void draw_help() {
  const ImVec2 window = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({window.x / 2, window.y / 2}, ImGuiCond_Always, {0.5f, 0.5f});
  ImGui::SetNextWindowBgAlpha(0.85f);
  if (ImGui::Begin("keys", nullptr, kPlain)) {
    for (const KeyBinding& binding : key_bindings()) {
      ImGui::TextUnformatted(binding.name);
      ImGui::SameLine(90);
      ImGui::TextUnformatted(binding.what);
    }
  }
  ImGui::End();
}

// One line at the bottom of the window.
void draw_line(const char* name, const std::string& text, const std::string& hint, float above_px) {
  const ImVec2 window = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({window.x / 2, window.y - above_px}, ImGuiCond_Always, {0.5f, 1});
  ImGui::SetNextWindowBgAlpha(0.7f);
  if (ImGui::Begin(name, nullptr, kPlain | ImGuiWindowFlags_NoInputs)) {
    ImGui::TextUnformatted(text.c_str());
    if (!hint.empty()) ImGui::TextDisabled("%s", hint.c_str());
  }
  ImGui::End();
}

}  // namespace

void draw_panel(PanelState& state, const Figures& figures, const SampleTextures& samples) {
  constexpr float kLine_px = 12, kNextLine_px = 60;
  if (state.figures) draw_figures(figures);
  if (state.panel) draw_controls(state, figures, samples);
  if (state.help) draw_help();
  if (figures.camera.state == media::CaptureState::kLost) {
    draw_line("camera", figures.camera.text, figures.camera.hint, kNextLine_px);
  } else if (figures.camera.state == media::CaptureState::kOpening) {
    draw_line("camera", "opening the camera", "", kNextLine_px);
  } else if (!figures.live.message.empty()) {
    draw_line("live", figures.live.message, "", kNextLine_px);
  }
  if (!state.notice.empty()) draw_line("notice", state.notice, "", kLine_px);
}

}  // namespace toonmirror::display
