#include "display/keys.h"

#include <SDL_keycode.h>
#include <gtest/gtest.h>

#include <set>

namespace toonmirror::display {
namespace {

TEST(Keys, EveryKeyAndEveryCommandOnce) {
  std::set<int> keys;
  std::set<Command> commands;
  for (const KeyBinding& binding : key_bindings()) {
    EXPECT_TRUE(keys.insert(binding.key).second) << binding.name;
    EXPECT_TRUE(commands.insert(binding.command).second) << binding.name;
    EXPECT_EQ(command_of(binding.key), binding.command);
  }
  EXPECT_EQ(commands.size(), static_cast<size_t>(Command::kQuit) + 1);  // the last of them
}

TEST(Keys, SomeHaveASecond) {
  EXPECT_EQ(command_of(SDLK_ESCAPE), Command::kQuit);
  EXPECT_EQ(command_of(SDLK_QUESTION), Command::kHelp);
  EXPECT_FALSE(command_of(SDLK_F12));
}

}  // namespace
}  // namespace toonmirror::display
