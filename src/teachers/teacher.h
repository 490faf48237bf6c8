// The teachers by name. A style network learns from pairs of a photo and its teacher's picture.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "face/cartoon_geometry.h"
#include "teachers/drawing.h"

namespace toonmirror::teachers {

struct TeacherEntry {
  std::string name;
  std::string description;
  std::function<Drawing(const FaceDrawingInput&)> draw;
  std::optional<face::CartoonGeometry> geometry =
      std::nullopt;              // the shapes of its drawings; none: the photo's
  bool target_is_photo = false;  // its picture is the photo itself
  bool needs_mesh = false;       // it draws from FaceDrawingInput::mesh
};

const std::vector<TeacherEntry>& teachers();

// Whether it is the name of one of them that draws: neither "photo" nor a program of the user's.
bool is_drawing_teacher(const std::string& name);

// One of them, or for "command:PROGRAM…" a program of the user's (command_teacher.h). Throws Error listing
// the names there are.
TeacherEntry find_teacher(const std::string& name);

}  // namespace toonmirror::teachers
