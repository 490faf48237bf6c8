// A teacher that is any program which makes a picture of a picture.
#pragma once

#include <string>

#include "teachers/drawing.h"

namespace toonmirror::teachers {

// Runs `command` (words of a shell) with two more arguments: a PNG file of 512×512 to read, and the picture
// (PNG or JPEG, 512×512) to write, both in a folder of their own that is removed afterwards. A square of
// another size is scaled. Shapes and labels stay the photo's. Throws Error where the program cannot be run,
// fails, or leaves no square picture.
Drawing draw_by_command(const FaceDrawingInput& input, const std::string& command);

}  // namespace toonmirror::teachers
