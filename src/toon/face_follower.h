// Whose faces of a video are worked on: everybody's, or those of one person who is followed.
#pragma once

#include <optional>
#include <vector>

#include "face/face.h"

namespace toonmirror::toon {

enum class FaceChoice {
  kAll,
  kLargest,  // in a video: the one that was largest when it came, until it goes
};

struct FaceFollowerOptions {
  FaceChoice choice = FaceChoice::kLargest;
  // For so long after the face was last seen only one at its place can follow it, seconds: a poster on the wall
  // never takes over because somebody turned round. 0: as soon as its track has ended, the largest face does.
  double loyalty_s = 0;
};

// One for each video, or camera.
class FaceFollower {
 public:
  explicit FaceFollower(const FaceFollowerOptions& options = {}) : options_(options) {}

  // From the next picture on. The face that was followed is remembered for as long as loyalty lasts.
  void choose(FaceChoice choice) { options_.choice = choice; }

  // Removes all `faces` of the picture at `time_s`, which face::Tracker has found there, but the one that is
  // followed; leaves none where loyalty forbids them all, and everybody's with FaceChoice::kAll.
  void keep_chosen(std::vector<face::Face>& faces, double time_s);

 private:
  FaceFollowerOptions options_;
  std::optional<face::Face> followed_;  // as it was last seen
  double seen_s_ = 0;
};

}  // namespace toonmirror::toon
