// What becomes of the drawing of a face that is no longer there.
#pragma once

namespace toonmirror::tracking {

enum class NoFace {
  kFade,  // within a quarter of a second
  kHold,  // it stays where the face was for two seconds more, then fades
  kPass,  // the picture at once
};

}  // namespace toonmirror::tracking
