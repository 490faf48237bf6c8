// Every key of the window, in one table that the help shows as well.
#pragma once

#include <optional>
#include <span>

namespace toonmirror::display {

enum class Command {
  kHelp,
  kPanel,
  kHud,
  kModeMirror,
  kModeAnimate,
  kModePuppet,
  kCapture,
  kRecalibrate,
  kNextStyle,
  kPreviousStyle,
  kWipe,
  kInset,
  kMirrored,
  kSquare,
  kFaces,
  kFullScreen,
  kSnapshot,
  kRecord,
  kSaveRecipe,
  kExportAvatar,
  kQuit,
};

struct KeyBinding {
  int key;           // SDL_Keycode
  const char* name;  // on the keyboard
  const char* what;  // it does
  Command command;
};

std::span<const KeyBinding> key_bindings();
std::optional<Command> command_of(int key);

}  // namespace toonmirror::display
