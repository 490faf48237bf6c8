// How large faces are drawn.
#pragma once

#include <map>
#include <vector>

#include "face/face.h"

namespace toonmirror::toon {

// The size of every drawing in a row of pictures. A generator draws every size from kSmallest_px up to its
// own by stopping early, and each costs more than the one before: a face gets the smallest that has at least
// its own resolution in the picture. One that is followed keeps its size until another suits it clearly
// better, so that drawings do not change from picture to picture.
class DrawingSizes {
 public:
  static constexpr int kSmallest_px = 256;
  static constexpr int kAuto = 0;

  // `wanted_px`: kAuto, or the size of all drawings, a power of two.
  explicit DrawingSizes(int wanted_px = kAuto) : wanted_px_(wanted_px) {}

  int wanted_px() const { return wanted_px_; }

  // Largest sides of the drawings of `faces`, in their order. To be asked once for each picture, in the order
  // of the pictures. What generator draws them does not matter: one of fewer pixels draws its own size.
  std::vector<int> choose(const std::vector<face::Face>& faces);

 private:
  int wanted_px_;
  std::map<int, int> of_track_;
};

}  // namespace toonmirror::toon
