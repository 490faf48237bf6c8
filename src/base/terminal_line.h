// The last line of the terminal, which progress redraws and messages must not tear.
#pragma once

#include <string_view>

namespace toonmirror {

// All three write to standard error and may be called from any thread. `text` has no line end.

// Replaces the line that is being redrawn. Only for a terminal.
void redraw_terminal_line(std::string_view text);

// Prints a finished line; one that is being redrawn moves below it.
void print_terminal_line(std::string_view text);

// Removes the line that is being redrawn, if any.
void clear_terminal_line();

}  // namespace toonmirror
