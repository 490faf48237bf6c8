#include "tracking/tracker.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "face/cut_detector.h"
#include "face/geometry.h"
#include "face/warp.h"
#include "tracking/face_search.h"
#include "tracking/track.h"

namespace toonmirror::tracking {

namespace {

// Two boxes that overlap more than this show the same face.
constexpr float kSameFaceOverlap = 0.3F;
// Of the box of a new face; more than a known one needs, so that a face on its way out is not found again.
constexpr double kEnoughInside = face::kLeastInside + 0.1;
constexpr double kLongestGap_s = 0.5;
constexpr double kShortestInterval_s = 0.001;

}  // namespace

struct Tracker::Impl {
  SharedMeshPredictor mesh;
  TrackerOptions options;
  std::optional<FaceSearch> search;
  face::CutDetector cuts;
  std::vector<Track> tracks;
  int next_id = 0;
  int searches = 0;  // in this shot
  int frames_since_search = 0;
  std::optional<double> last_time_s;

  void start_shot() {
    tracks.clear();
    searches = 0;
  }

  // Of two tracks that were found on one face it is the one that was expected there.
  void settle_quarrels() {
    for (Track& one : tracks) {
      for (Track& other : tracks) {
        const bool quarrel = one.id() < other.id() && one.seen() && other.seen() &&
                             face::overlap(one.box(), other.box()) > kSameFaceOverlap;
        if (quarrel) (one.surprise() <= other.surprise() ? other : one).take_back();
      }
    }
  }

  PresenceTimes times() const {
    if (options.no_face == NoFace::kPass) return {};
    // A face that is missed for a moment does not flicker.
    return {.hold_s = options.no_face == NoFace::kHold ? 2 : 0.1, .ease_out_s = 0.25, .ease_in_s = 0.25};
  }

  bool any_seen() const { return std::ranges::any_of(tracks, &Track::seen); }

  void look_around(const cv::Mat& rgb) {
    const bool thorough = searches++ % options.thorough_every == 0;
    frames_since_search = 0;
    std::vector<cv::Rect2f> known;
    for (const Track& track : tracks) {
      if (track.seen()) known.push_back(track.box());
    }
    for (const MeshFace& found :
         search->find(rgb, thorough ? SearchEffort::kThorough : SearchEffort::kQuick, known)) {
      const cv::Rect2f box = box_of(found);
      const auto missed = std::ranges::find_if(tracks, [&](const Track& track) {
        return !track.seen() && face::overlap(track.box(), box) > kSameFaceOverlap;
      });
      if (missed != tracks.end()) {
        missed->find_again(found);
      } else if (static_cast<int>(tracks.size()) < options.max_faces &&
                 face::share_inside(box, rgb.size()) >= kEnoughInside) {
        // Whoever comes into a shot fades in; who is there when it begins is drawn at once.
        tracks.emplace_back(next_id++, found, Presence(times(), /*eases_first_in=*/searches > 1));
      }
    }
  }
};

Tracker::Tracker(SharedMeshPredictor mesh, TrackerOptions options) {
  if (options.detect_every < 1 || options.thorough_every < 1 || options.max_faces < 1) {
    throw Error("face tracker: an interval or max_faces is below 1");
  }
  impl_ = std::make_unique<Impl>();
  impl_->mesh = std::move(mesh);
  impl_->options = options;
  impl_->search.emplace(impl_->mesh);
}

Tracker::~Tracker() = default;
Tracker::Tracker(Tracker&&) noexcept = default;
Tracker& Tracker::operator=(Tracker&&) noexcept = default;

std::vector<face::Face> Tracker::update(const cv::Mat& rgb, double time_s) {
  face::require_rgb(rgb, "face tracker");
  Impl& state = *impl_;
  const MeshPredictor& mesh = *state.mesh.get();
  const double elapsed_s = time_s - state.last_time_s.value_or(time_s);
  const bool jump = elapsed_s < 0 || elapsed_s > kLongestGap_s;
  if (state.cuts.is_cut(rgb) || jump) state.start_shot();
  state.last_time_s = time_s;
  const double interval_s = std::max(elapsed_s, kShortestInterval_s);

  const auto count_seen = [&] { return std::ranges::count_if(state.tracks, &Track::seen); };
  const auto before = count_seen();
  for (Track& track : state.tracks) track.follow(rgb, mesh, interval_s);
  state.settle_quarrels();
  const bool lost = count_seen() < before;
  ++state.frames_since_search;
  if (!state.any_seen() || lost || state.frames_since_search >= state.options.detect_every) {
    state.look_around(rgb);
  }

  std::vector<face::Face> faces;
  for (Track& track : state.tracks) {
    face::Face face = track.steady_face(interval_s, state.options.meshes);
    if (face.shown > 0) faces.push_back(std::move(face));
  }
  std::erase_if(state.tracks, [](const Track& track) { return track.forgotten(); });
  return faces;
}

void Tracker::detect_every(int frames) {
  if (frames < 1) throw Error("face tracker: an interval is below 1");
  impl_->options.detect_every = frames;
}

void Tracker::reset() {
  impl_->start_shot();
  impl_->cuts = {};
  impl_->last_time_s.reset();
}

}  // namespace toonmirror::tracking
