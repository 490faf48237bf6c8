// The teachers by name. A style network learns from pairs of a photo and its teacher's picture.
#pragma once

#include <string>
#include <vector>

#include "teachers/drawing.h"

namespace toonmirror::teachers {

struct TeacherEntry {
  std::string name;
  std::string description;
  Drawing (*draw)(const FaceDrawingInput&);
  bool target_is_photo = false;  // its picture is the photo itself
};

const std::vector<TeacherEntry>& teachers();

// Throws Error listing the names there are.
const TeacherEntry& find_teacher(const std::string& name);

}  // namespace toonmirror::teachers
