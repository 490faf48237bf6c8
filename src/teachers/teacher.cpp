#include "teachers/teacher.h"

#include "base/error.h"
#include "teachers/toon.h"

namespace toonmirror::teachers {

const std::vector<TeacherEntry>& teachers() {
  static const std::vector<TeacherEntry> entries = {
      {"toon", "animated-film look: big clear eyes, clean skin, hair in shapes",
       [](const FaceDrawingInput& input) { return draw_toon(input); }},
      {"photo", "no drawing: packs photos for 'toonmirror train generator'",
       [](const FaceDrawingInput& input) {
         return Drawing{input.photo, input.photo, input.labels};
       },
       /*target_is_photo=*/true}};
  return entries;
}

const TeacherEntry& find_teacher(const std::string& name) {
  std::string names;
  for (const TeacherEntry& entry : teachers()) {
    if (entry.name == name) return entry;
    names += names.empty() ? entry.name : ", " + entry.name;
  }
  throw Error("there is no teacher called " + name, "there are " + names);
}

}  // namespace toonmirror::teachers
