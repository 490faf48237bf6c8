#include "teachers/teacher.h"

#include <algorithm>

#include "base/error.h"
#include "teachers/comic.h"
#include "teachers/command_teacher.h"
#include "teachers/film.h"
#include "teachers/filters.h"
#include "teachers/painting.h"
#include "teachers/pencil.h"
#include "teachers/toon.h"
#include "teachers/ukiyoe.h"

namespace toonmirror::teachers {
namespace {

constexpr std::string_view kCommand = "command:";

}  // namespace

const std::vector<TeacherEntry>& teachers() {
  static const std::vector<TeacherEntry> entries = {
      {"toon", "animated-film look: big clear eyes, clean skin, hair in shapes",
       [](const FaceDrawingInput& input) { return draw_toon(input); }, ToonOptions().geometry},
      {"film", "animated film: the head lit anew from its form, large eyes, combed hair; needs --nets",
       draw_film, kFilmGeometry, /*target_is_photo=*/false, /*needs_mesh=*/true},
      {"ukiyoe", "woodblock print: flat pigments, brush lines, paper", draw_ukiyoe, kUkiyoeGeometry},
      {"painting", "oil painting: strokes along the forms, warm lights, cool shadows", draw_painting,
       kPaintingGeometry},
      {"drawing", "pencil on paper: hatching, broken lines, grain", draw_pencil, kPencilGeometry},
      {"comic", "album comic: flat bright colours, one firm shade, ink lines", draw_comic, kComicGeometry},
      {"photo", "no drawing: packs photos for 'toonmirror train generator'",
       [](const FaceDrawingInput& input) { return undrawn(input, resized(input.photo, input.picture_px)); },
       std::nullopt,
       /*target_is_photo=*/true}};
  return entries;
}

bool is_drawing_teacher(const std::string& name) {
  return std::ranges::any_of(teachers(), [&name](const TeacherEntry& entry) {
    return entry.name == name && !entry.target_is_photo;
  });
}

TeacherEntry find_teacher(const std::string& name) {
  if (name.starts_with(kCommand) && name.size() > kCommand.size()) {
    return {name, "a program of the user's",
            [command = name.substr(kCommand.size())](const FaceDrawingInput& input) {
              return draw_by_command(input, command);
            }};
  }
  std::string names;
  for (const TeacherEntry& entry : teachers()) {
    if (entry.name == name) return entry;
    names += names.empty() ? entry.name : ", " + entry.name;
  }
  throw Error("there is no teacher called " + name, "there are " + names + ", and command:PROGRAM");
}

}  // namespace toonmirror::teachers
