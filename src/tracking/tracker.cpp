#include "face/tracker.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "face/cut_detector.h"
#include "face/geometry.h"
#include "face/track.h"
#include "face/warp.h"

namespace toonmirror::face {

namespace {

// Two boxes that overlap more than this show the same face.
constexpr float kSameFaceOverlap = 0.3F;
// Of the box of a new face; more than a known one needs, so that a face on its way out is not found again.
constexpr double kEnoughInside = kLeastInside + 0.1;
constexpr double kLongestGap_s = 0.5;
constexpr double kShortestInterval_s = 0.001;

// 20 ms a frame on one core of 2022: faces from 80 px in small frames, from a fifth of the shorter side in
// 1080p.
constexpr DetectorOptions kQuickSearch{.min_face_px = 80, .max_search_px = 260'000, .min_score = 0};
constexpr DetectorOptions kThoroughSearch{.min_face_px = 40, .max_search_px = 2'100'000, .min_score = 0};

}  // namespace

struct Tracker::Impl {
  SharedLandmarkPredictor predictor;
  TrackerOptions options;
  Detector quick{kQuickSearch};
  Detector thorough{kThoroughSearch};
  CutDetector cuts;
  std::vector<Track> tracks;
  int next_id = 0;
  int searches = 0;  // in this shot
  int frames_since_search = 0;
  std::optional<double> last_time_s;

  void start_shot() {
    tracks.clear();
    searches = 0;
  }

  // Removes the younger of two tracks on one face.
  void drop_duplicates() {
    for (size_t i = 0; i < tracks.size(); ++i) {
      std::erase_if(tracks, [&, id = tracks[i].id(), box = tracks[i].box()](const Track& other) {
        return other.id() > id && overlap(other.box(), box) > kSameFaceOverlap;
      });
    }
  }

  void search(const cv::Mat& rgb) {
    Detector& detector = searches++ % options.thorough_every == 0 ? thorough : quick;
    frames_since_search = 0;
    std::vector<Detection> detections = detector.detect(rgb);
    std::sort(detections.begin(), detections.end(),
              [](const Detection& a, const Detection& b) { return a.box.width > b.box.width; });
    for (const Detection& detection : detections) {
      const auto nearest =
          std::max_element(tracks.begin(), tracks.end(), [&](const Track& a, const Track& b) {
            return overlap(a.box(), detection.box) < overlap(b.box(), detection.box);
          });
      if (nearest != tracks.end() && overlap(nearest->box(), detection.box) > kSameFaceOverlap) {
        nearest->confirm(detection);
      } else if (static_cast<int>(tracks.size()) < options.max_faces) {
        Track track(next_id, detection, locate_landmarks(*predictor.get(), rgb, detection.box), rgb);
        if (share_inside(track.box(), rgb.size()) >= kEnoughInside) {
          tracks.push_back(std::move(track));
          ++next_id;
        }
      }
    }
    drop_duplicates();
  }
};

Tracker::Tracker(SharedLandmarkPredictor predictor, TrackerOptions options) {
  if (options.detect_every < 1 || options.thorough_every < 1 || options.hold_frames < 0 ||
      options.max_faces < 1) {
    throw Error("face tracker: an interval or max_faces is below 1, or hold_frames is negative");
  }
  impl_ = std::make_unique<Impl>();
  impl_->predictor = std::move(predictor);
  impl_->options = options;
}

Tracker::~Tracker() = default;
Tracker::Tracker(Tracker&&) noexcept = default;
Tracker& Tracker::operator=(Tracker&&) noexcept = default;

std::vector<Face> Tracker::update(const cv::Mat& rgb, double time_s) {
  require_rgb(rgb, "face tracker");
  Impl& state = *impl_;
  const LandmarkPredictor& predictor = *state.predictor.get();
  const double elapsed_s = time_s - state.last_time_s.value_or(time_s);
  const bool jump = elapsed_s < 0 || elapsed_s > kLongestGap_s;
  if (state.cuts.is_cut(rgb) || jump) {
    state.start_shot();
  }
  state.last_time_s = time_s;
  const double interval_s = std::max(elapsed_s, kShortestInterval_s);

  const size_t before = state.tracks.size();
  std::erase_if(state.tracks, [&](Track& track) {
    return !track.follow(rgb, predictor, state.quick, interval_s, state.options.hold_frames);
  });
  state.drop_duplicates();
  const bool lost = state.tracks.size() < before;
  ++state.frames_since_search;
  if (state.tracks.empty() || lost || state.frames_since_search >= state.options.detect_every) {
    state.search(rgb);
  }

  std::vector<Face> faces;
  for (Track& track : state.tracks) {
    faces.push_back(track.steady_face(interval_s));
  }
  return faces;
}

void Tracker::reset() {
  impl_->start_shot();
  impl_->cuts = {};
  impl_->last_time_s.reset();
}

}  // namespace toonmirror::face
