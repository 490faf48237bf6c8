#include "toon/face_follower.h"

#include <algorithm>
#include <cmath>

namespace toonmirror::toon {
namespace {

using Faces = std::vector<face::Face>;

cv::Point2f centre(const face::Face& face) { return (face.box.tl() + face.box.br()) / 2; }

Faces::iterator largest(Faces& faces) {
  return std::ranges::max_element(faces, {}, [](const face::Face& face) { return face.box.width; });
}

// The nearest to where `lost` was, not farther away than it was wide and of about its size; end() where none is.
Faces::iterator at_place_of(const face::Face& lost, Faces& faces) {
  const auto distance = [&](const face::Face& face) { return cv::norm(centre(face) - centre(lost)); };
  const auto nearest = std::ranges::min_element(faces, {}, distance);
  const bool at_its_place = nearest != faces.end() && distance(*nearest) < lost.box.width &&
                            std::abs(std::log2(nearest->box.width / lost.box.width)) < 1;
  return at_its_place ? nearest : faces.end();
}

}  // namespace

void FaceFollower::keep_chosen(Faces& faces, double time_s) {
  if (options_.choice == FaceChoice::kAll || faces.empty()) return;
  const bool loyal = options_.loyalty_s > 0;
  if (loyal && time_s - seen_s_ >= options_.loyalty_s) followed_.reset();
  auto kept = faces.end();
  if (followed_) kept = std::ranges::find(faces, followed_->track_id, &face::Face::track_id);
  if (kept == faces.end()) kept = followed_ && loyal ? at_place_of(*followed_, faces) : largest(faces);
  if (kept == faces.end()) {
    faces.clear();
    return;
  }
  followed_ = *kept;
  seen_s_ = time_s;
  faces = {*followed_};
}

}  // namespace toonmirror::toon
