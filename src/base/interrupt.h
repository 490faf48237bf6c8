// Ctrl-C: the first one asks the program to stop and clean up, the second one ends it at once.
#pragma once

#include <exception>

namespace toonmirror {

// Unwinds a command after Ctrl-C, SIGTERM or SIGHUP; main() turns it into exit code 130. Not an Error on
// purpose: a loop that goes on with the next input after an Error must not swallow it.
class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

// From now on the first SIGINT, SIGTERM or SIGHUP (unless that is ignored) only raises the flag below; a
// second one has its default effect.
void install_interrupt_handler();

// True once the user asked to stop. Cheap enough for every frame.
bool interrupted() noexcept;

// Throws Interrupted once the user asked to stop. For the outer loop of a command.
void throw_if_interrupted();

}  // namespace toonmirror
