#include "evaluation/clip_figures.h"

#include <cmath>
#include <deque>
#include <opencv2/imgproc.hpp>

#include "base/interrupt.h"
#include "face/alignment.h"
#include "media/video_reader.h"
#include "toon/draw_faces.h"
#include "toon/face_follower.h"
#include "toon/pictures.h"
#include "tracking/tracker.h"

namespace toonmirror::evaluation {
namespace {

constexpr double kAtRest = 0.01;  // of the distance of the outer eye corners
constexpr int kBoilSize_px = 128;

// One picture: where the points are, and what the square shows.
struct Moment {
  face::Landmarks tracked, in, out;
  face::Alignment square;
  cv::Mat before, after;  // whole pictures
};

double eye_distance(const face::Landmarks& points) { return cv::norm(points[36] - points[45]); }

double mean_distance(const face::Landmarks& a, const face::Landmarks& b) {
  double sum = 0;
  for (int i = 0; i < face::kLandmarkCount; ++i) sum += cv::norm(a[i] - b[i]);
  return sum / face::kLandmarkCount;
}

// Mean square of half the second difference.
double uneven_motion(const face::Landmarks& a, const face::Landmarks& b, const face::Landmarks& c) {
  double sum = 0;
  for (int i = 0; i < face::kLandmarkCount; ++i) {
    const cv::Point2d d = b[i] - (a[i] + c[i]) * 0.5;
    sum += d.dot(d);
  }
  return sum / face::kLandmarkCount;
}

// All three seen through the middle one's square, so that only the picture changes.
double uneven_pixels(const cv::Mat& a, const cv::Mat& b, const cv::Mat& c, const face::Alignment& square) {
  cv::Mat x, y, z;
  face::warp_crop(a, square).convertTo(x, CV_32F);
  face::warp_crop(b, square).convertTo(y, CV_32F);
  face::warp_crop(c, square).convertTo(z, CV_32F);
  const cv::Mat difference = cv::abs(y - (x + z) * 0.5);
  const cv::Scalar mean = cv::mean(difference);
  return (mean[0] + mean[1] + mean[2]) / 3;
}

}  // namespace

ClipFigures measure_clip(const std::filesystem::path& clip, const toon::Toonifier& toonifier,
                         const tracking::FaceModels& face_models, int64_t max_frames) {
  ClipFigures figures;
  figures.name = clip.filename().string();
  media::VideoReader reader(clip, {.square_pixels = true});
  tracking::Tracker tracker(face_models.mesh);
  toon::FaceFollower follower;
  StageTimer timer;
  std::deque<Moment> last;
  int followed = -1;
  for (media::Frame frame; figures.frames < max_frames && reader.read(frame);) {
    throw_if_interrupted();
    ++figures.frames;
    const cv::Mat rgb = toon::picture_of(frame).clone();
    std::vector<face::Face> faces = tracker.update(rgb, frame.seconds());
    follower.keep_chosen(faces, frame.seconds());
    if (faces.empty() || !faces.front().seen) {
      last.clear();
      continue;
    }
    const face::Face& face = faces.front();
    ++figures.with_face;
    if (face.track_id != followed) last.clear();
    followed = face.track_id;
    Moment moment;
    moment.tracked = face.landmarks;
    moment.square = face::align_square(face.square, kBoilSize_px);
    moment.before = rgb;
    moment.after = rgb.clone();
    draw_faces(moment.after, faces, toonifier, {toon::PasteMode::kHead, 0, toon::SceneChoice::kKeep}, timer);
    // Both are looked at through the same box, or the box's own jitter would be counted.
    const cv::Rect2f box = face::box_of(face.landmarks);
    const double roll = face::roll_of(face.landmarks);
    moment.in = face_models.landmarks.get()->predict(moment.before, box, roll);
    moment.out = face_models.landmarks.get()->predict(moment.after, box, roll);
    last.push_back(std::move(moment));
    if (last.size() > 3) last.pop_front();
    if (last.size() < 3) continue;
    const Moment &a = last[0], &b = last[1], &c = last[2];
    const double scale = 1 / eye_distance(b.tracked);
    if (mean_distance(a.tracked, b.tracked) * scale > kAtRest ||
        mean_distance(b.tracked, c.tracked) * scale > kAtRest)
      continue;
    ++figures.at_rest;
    figures.jitter_in += uneven_motion(a.in, b.in, c.in) * scale * scale;
    figures.jitter_out += uneven_motion(a.out, b.out, c.out) * scale * scale;
    figures.boil_in += uneven_pixels(a.before, b.before, c.before, b.square);
    figures.boil_out += uneven_pixels(a.after, b.after, c.after, b.square);
  }
  if (figures.at_rest == 0) return figures;
  const auto count = static_cast<double>(figures.at_rest);
  figures.jitter_in = 100 * std::sqrt(figures.jitter_in / count);
  figures.jitter_out = 100 * std::sqrt(figures.jitter_out / count);
  figures.boil_in /= count;
  figures.boil_out /= count;
  return figures;
}

}  // namespace toonmirror::evaluation
