#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "base/bounded_queue.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "face/tracker.h"
#include "media/video_reader.h"
#include "toon/convert.h"
#include "toon/draw_faces.h"
#include "toon/drawing_size.h"
#include "toon/ordered_queue.h"
#include "toon/square_pixels.h"

namespace toonmirror::toon {
namespace {

using Clock = std::chrono::steady_clock;

struct Job {
  media::Frame frame;
  std::vector<face::Face> faces;  // on square pixels
  std::vector<int> largest_px;    // of their drawings
  std::optional<media::Rect> changed;
};

cv::Mat picture_of(media::Frame& frame) { return {frame.height, frame.width, CV_8UC3, frame.rgb.data()}; }

// `--faces largest`: stays with a face as long as it is followed.
class LargestFace {
 public:
  void keep_only(std::vector<face::Face>& faces) {
    if (faces.empty()) return;
    auto kept = std::ranges::find(faces, track_id_, &face::Face::track_id);
    if (kept == faces.end()) {
      kept = std::ranges::max_element(faces, {}, [](const face::Face& face) { return face.box.width; });
    }
    track_id_ = kept->track_id;
    faces = {*kept};
  }

 private:
  int track_id_ = -1;
};

// The threads of one conversion and what flows between them.
class Conversion {
 public:
  Conversion(const std::filesystem::path& input, const std::filesystem::path& output,
             const Toonifier& toonifier, const face::SharedLandmarkPredictor& predictor,
             const ConvertOptions& options)
      : toonifier_(toonifier),
        options_(options),
        reader_(input),
        writer_(output, reader_.info(), writer_options(options)),
        tracker_(predictor),
        square_pixels_(reader_.info().sample_aspect),
        tracked_(static_cast<size_t>(options.workers)),
        drawn_(2 * options.workers),
        progress_(
            {.label = input.filename().string(), .total = reader_.info().frame_count, .count_faces = true}),
        drawing_(options.workers) {}

  ConvertReport run() {
    {
      std::vector<std::jthread> threads;
      threads.emplace_back([this] { guarded([this] { decode(); }); });
      for (int i = 0; i < options_.workers; ++i) {
        threads.emplace_back([this] { guarded([this] { draw(); }); });
      }
      guarded([this] { encode(); });
    }
    if (failure_) std::rethrow_exception(failure_);
    throw_if_interrupted();
    {
      const auto timed = timer_.measure("encode");
      writer_.commit();
    }
    return report();
  }

 private:
  static media::VideoWriterOptions writer_options(const ConvertOptions& options) {
    media::VideoWriterOptions video = options.video;
    constexpr int kWorkersPerEncoderThread = 4;  // encoding costs a fraction of drawing
    video.threads = std::max(1, options.workers / kWorkersPerEncoderThread);
    return video;
  }

  // What one thread does. The first exception stops all of them and is kept for run() to throw.
  template <typename Work>
  void guarded(Work work) {
    try {
      work();
    } catch (...) {
      {
        const std::lock_guard lock(failure_mutex_);
        if (!failure_) failure_ = std::current_exception();
      }
      tracked_.cancel();
      drawn_.cancel();
    }
  }

  void decode() {
    compute_in_this_thread_alone();
    LargestFace largest;
    DrawingSizes sizes(options_.size_px);
    for (Job job; read(job.frame); job = {}) {
      {
        const auto timed = timer_.measure("face");
        const cv::Mat square = square_pixels_.stretch(picture_of(job.frame));
        job.faces = tracker_.update(square, job.frame.seconds());
        if (options_.faces == FaceChoice::kLargest) largest.keep_only(job.faces);
        job.largest_px = sizes.choose(job.faces);
      }
      if (!tracked_.push(std::move(job))) return;
    }
    tracked_.close();
  }

  bool read(media::Frame& frame) {
    throw_if_interrupted();
    const auto timed = timer_.measure("decode");
    return reader_.read(frame);
  }

  void draw() {
    compute_in_this_thread_alone();
    while (std::optional<Job> job = tracked_.pop()) {
      if (!job->faces.empty() || draws_scene(toonifier_.style(), options_.paste))
        job->changed = draw_job(*job);
      const int64_t index = job->frame.index;
      if (!drawn_.push(index, std::move(*job))) return;
    }
    if (--drawing_ == 0) drawn_.close();
  }

  media::Rect draw_job(Job& job) {
    cv::Mat rgb = picture_of(job.frame);
    cv::Rect changed;
    DrawHooks hooks;
    hooks.largest_px = job.largest_px;
    if (square_pixels_.identity()) {
      changed = draw_faces(rgb, job.faces, toonifier_, options_.paste, timer_, hooks);
    } else {
      const cv::Mat before = square_pixels_.stretch(rgb);
      cv::Mat after = before.clone();
      changed = draw_faces(after, job.faces, toonifier_, options_.paste, timer_, hooks);
      changed = square_pixels_.take_changes(before, after, changed, rgb);
    }
    return {changed.x, changed.y, changed.width, changed.height};
  }

  void encode() {
    while (const std::optional<Job> job = drawn_.pop()) {
      throw_if_interrupted();
      {
        const auto timed = timer_.measure("encode");
        writer_.write(job->frame, job->changed);
      }
      const bool has_face = !job->faces.empty();
      ++report_.frames;
      report_.frames_with_face += has_face ? 1 : 0;
      report_.faces += static_cast<int64_t>(job->faces.size());
      progress_.advance(1, has_face ? 1 : 0);
    }
  }

  ConvertReport report() {
    report_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    report_.stages = timer_.costs();
    report_.notices = writer_.notices();
    const media::ReadWarnings& damage = reader_.warnings();
    if (damage.count > 0) {
      report_.warnings.push_back(
          damage.first + (damage.count > 1 ? " (and " + std::to_string(damage.count - 1) + " more)" : ""));
    }
    if (report_.frames_with_face == 0) {
      report_.warnings.push_back(reader_.info().path.string() + ": no face found in any frame; " +
                                 (draws_scene(toonifier_.style(), options_.paste)
                                      ? "only what is around faces was drawn"
                                      : "its pictures are unchanged"));
    }
    return report_;
  }

  const Clock::time_point start_ = Clock::now();
  const Toonifier& toonifier_;
  const ConvertOptions options_;
  media::VideoReader reader_;
  media::VideoWriter writer_;
  face::Tracker tracker_;
  const SquarePixels square_pixels_;
  BoundedQueue<Job> tracked_;
  OrderedQueue<Job> drawn_;
  StageTimer timer_;
  Progress progress_;
  std::atomic<int> drawing_;
  std::mutex failure_mutex_;
  std::exception_ptr failure_;
  ConvertReport report_;  // of the thread that encodes
};

}  // namespace

ConvertReport convert_video(const std::filesystem::path& input, const std::filesystem::path& output,
                            const Toonifier& toonifier, const face::SharedLandmarkPredictor& predictor,
                            const ConvertOptions& options) {
  if (options.draw == DrawWith::kTeacher) {
    throw Error(input.string() + ": a teacher draws stills only, its strokes do not hold still in a video",
                "the style's network draws videos: --draw child");
  }
  return Conversion(input, output, toonifier, predictor, options).run();
}

}  // namespace toonmirror::toon
