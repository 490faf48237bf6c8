#include "app/live_window.h"

#include "base/interrupt.h"

namespace toonmirror::app {
namespace {

constexpr auto kTick = std::chrono::milliseconds(15);

}  // namespace

LiveWindow::LiveWindow(const LiveArguments& arguments, LiveSession& session)
    : arguments_(arguments), session_(session), window_({.software = arguments.software}) {
  view_.full_screen = arguments.full_screen;
}

void LiveWindow::run() {
  while (!quit_ && !interrupted()) {
    for (const display::Command command : window_.poll(view_)) obey(command);
    session_.obey_panel();
    const std::optional<live::LivePicture> picture = session_.wait(kTick);
    if (picture) window_.show(picture->before, picture->after);
    display::Figures figures = session_.figures();
    figures.painter = window_.painter();
    window_.draw(view_, session_.panel(), figures);
    if (picture) session_.presented(*picture);
    if (arguments_.frames > 0 && session_.presented_count() >= arguments_.frames) return;
  }
}

void LiveWindow::obey(display::Command command) {
  using display::Command;
  display::PanelState& panel = session_.panel();
  switch (command) {
    case Command::kQuit:
      quit_ = true;
      break;
    case Command::kHelp:
      panel.help = !panel.help;
      break;
    case Command::kPanel:
      panel.panel = !panel.panel;
      break;
    case Command::kHud:
      panel.figures = !panel.figures;
      break;
    case Command::kModeMirror:
      session_.set_mode(live::LiveMode::kMirror);
      break;
    case Command::kModeAnimate:
      session_.set_mode(live::LiveMode::kAnimate);
      break;
    case Command::kModePuppet:
      session_.set_mode(live::LiveMode::kPuppet);
      break;
    case Command::kCapture:
      panel.wants_capture = true;
      break;
    case Command::kRecalibrate:
      panel.wants_recalibration = true;
      break;
    case Command::kNextStyle:
      session_.step_style(1);
      break;
    case Command::kPreviousStyle:
      session_.step_style(-1);
      break;
    case Command::kWipe:
      view_.wipe = !view_.wipe;
      break;
    case Command::kInset:
      view_.inset = !view_.inset;
      break;
    case Command::kMirrored:
      view_.mirrored = !view_.mirrored;
      break;
    case Command::kSquare:
      panel.settings.square = !panel.settings.square;
      panel.settings_changed = true;
      break;
    case Command::kFaces:
      panel.settings.faces = panel.settings.faces == toon::FaceChoice::kAll ? toon::FaceChoice::kLargest
                                                                            : toon::FaceChoice::kAll;
      panel.settings_changed = true;
      break;
    case Command::kFullScreen:
      view_.full_screen = !view_.full_screen;
      break;
    case Command::kSnapshot:
      panel.wants_snapshot = true;
      break;
    case Command::kRecord:
      panel.wants_recording = true;
      break;
    case Command::kSaveRecipe:
      panel.wants_recipe_saved = true;
      break;
    case Command::kExportAvatar:
      panel.wants_avatar_exported = true;
      break;
  }
}

}  // namespace toonmirror::app
