// Stills drawn by the teacher that a style was learned from, instead of the style's network. What a network
// cannot learn, such as lines and flat areas that are sharp at any size, a teacher draws. It is no choice for
// videos: strokes, grain and hard borders do not hold still from frame to frame.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <vector>

#include "base/stage_timer.h"
#include "face/face.h"
#include "teachers/teacher.h"
#include "toon/compositor.h"
#include "toon/draw_faces.h"
#include "toon/toonifier.h"

namespace toonmirror::toon {

enum class DrawWith {
  kAuto,   // the style says who
  kChild,  // the style's network
  kTeacher,
};

// The teacher that draws the stills of this style; none: its network does. Throws Error where a teacher is
// wanted, but the style names none.
std::optional<teachers::TeacherEntry> teacher_of_stills(const Style& style, DrawWith wanted);

// As draw_faces (toon/draw_faces.h). Each face is drawn at its own resolution in the picture, between 256
// and 1024 px; `toonifier` parses it. Teachers that light the head anew need the faces' meshes and throw Error
// where there is none.
cv::Rect draw_faces_by_teacher(cv::Mat& rgb, const std::vector<face::Face>& faces, const Toonifier& toonifier,
                               const teachers::TeacherEntry& teacher, const PasteOptions& paste,
                               StageTimer& timer);

// draw_faces by whoever draws the stills of the toonifier's style; `hooks` are the network's.
cv::Rect draw_still(cv::Mat& rgb, const std::vector<face::Face>& faces, const Toonifier& toonifier,
                    DrawWith wanted, const PasteOptions& paste, StageTimer& timer,
                    const DrawHooks& hooks = {});

}  // namespace toonmirror::toon
