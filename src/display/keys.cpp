#include "display/keys.h"

#include <SDL_keycode.h>

#include <algorithm>
#include <array>

namespace toonmirror::display {
namespace {

constexpr std::array kBindings = {
    KeyBinding{SDLK_F1, "F1, ?", "this help", Command::kHelp},
    KeyBinding{SDLK_TAB, "Tab", "control panel", Command::kPanel},
    KeyBinding{SDLK_h, "H", "figures: fps, latency, stages", Command::kHud},
    KeyBinding{SDLK_1, "1", "mirror: every picture is drawn", Command::kModeMirror},
    KeyBinding{SDLK_2, "2", "animate: a video moves the captured face", Command::kModeAnimate},
    KeyBinding{SDLK_3, "3", "puppet: you move the captured face", Command::kModePuppet},
    KeyBinding{SDLK_c, "C", "capture the face anew", Command::kCapture},
    KeyBinding{SDLK_x, "X", "this pose is the captured one", Command::kRecalibrate},
    KeyBinding{SDLK_RIGHT, "Right", "next style", Command::kNextStyle},
    KeyBinding{SDLK_LEFT, "Left", "previous style", Command::kPreviousStyle},
    KeyBinding{SDLK_w, "W", "before and after, parted at the mouse", Command::kWipe},
    KeyBinding{SDLK_i, "I", "the camera in a corner", Command::kInset},
    KeyBinding{SDLK_m, "M", "as in a mirror, or as others see you", Command::kMirrored},
    KeyBinding{SDLK_v, "V", "the drawing's square alone", Command::kSquare},
    KeyBinding{SDLK_g, "G", "all faces, or the largest", Command::kFaces},
    KeyBinding{SDLK_f, "F", "full screen", Command::kFullScreen},
    KeyBinding{SDLK_s, "S", "snapshot", Command::kSnapshot},
    KeyBinding{SDLK_r, "R", "record, and stop", Command::kRecord},
    KeyBinding{SDLK_p, "P", "save the recipe as a style", Command::kSaveRecipe},
    KeyBinding{SDLK_e, "E", "export the avatar", Command::kExportAvatar},
    KeyBinding{SDLK_q, "Q, Esc", "quit", Command::kQuit},
};

}  // namespace

std::span<const KeyBinding> key_bindings() { return kBindings; }

std::optional<Command> command_of(int key) {
  if (key == SDLK_ESCAPE) return Command::kQuit;
  if (key == SDLK_QUESTION || key == SDLK_SLASH) return Command::kHelp;
  const auto found = std::ranges::find(kBindings, key, &KeyBinding::key);
  if (found == kBindings.end()) return std::nullopt;
  return found->command;
}

}  // namespace toonmirror::display
