#include <algorithm>
#include <chrono>
#include <optional>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "media/video_reader.h"
#include "toon/convert.h"
#include "toon/draw_faces.h"
#include "toon/drawing_size.h"
#include "toon/face_follower.h"
#include "toon/pictures.h"
#include "toon/square_pixels.h"
#include "tracking/tracker.h"

namespace toonmirror::toon {
namespace {

using Clock = std::chrono::steady_clock;

struct Job {
  media::Frame frame;
  std::vector<face::Face> faces;  // on square pixels
  std::vector<int> largest_px;    // of their drawings
  std::optional<media::Rect> changed;
};

// The threads of one conversion and what flows between them.
class Conversion {
 public:
  Conversion(const std::filesystem::path& input, const std::filesystem::path& output,
             const Toonifier& toonifier, const tracking::FaceModels& face_models,
             const ConvertOptions& options)
      : toonifier_(toonifier),
        options_(options),
        reader_(input),
        writer_(output, reader_.info(), writer_options(options)),
        tracker_(face_models.mesh, {.no_face = options.no_face}),
        square_pixels_(reader_.info().sample_aspect),
        progress_(
            {.label = input.filename().string(), .total = reader_.info().frame_count, .count_faces = true}),
        follower_({.choice = options.faces}),
        sizes_(options.size_px) {}

  ConvertReport run() {
    run_in_order(
        drawing_workers(options_.workers), [this] { return decode(); },
        [this](Job job) { return draw(std::move(job)); }, [this](const Job& job) { encode(job); });
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

  std::optional<Job> decode() {
    Job job;
    if (!read(job.frame)) return std::nullopt;
    const auto timed = timer_.measure("face");
    const cv::Mat square = square_pixels_.stretch(picture_of(job.frame));
    job.faces = tracker_.update(square, job.frame.seconds());
    follower_.keep_chosen(job.faces, job.frame.seconds());
    job.largest_px = sizes_.choose(job.faces);
    return job;
  }

  bool read(media::Frame& frame) {
    throw_if_interrupted();
    const auto timed = timer_.measure("decode");
    return reader_.read(frame);
  }

  Job draw(Job job) {
    if (!job.faces.empty() || draws_scene(toonifier_.style(), options_.paste)) job.changed = draw_job(job);
    return job;
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

  void encode(const Job& job) {
    throw_if_interrupted();
    {
      const auto timed = timer_.measure("encode");
      writer_.write(job.frame, job.changed);
    }
    const bool has_face = std::ranges::any_of(job.faces, &face::Face::seen);
    ++report_.frames;
    report_.frames_with_face += has_face ? 1 : 0;
    report_.faces += static_cast<int64_t>(job.faces.size());
    progress_.advance(1, has_face ? 1 : 0);
  }

  ConvertReport report() {
    report_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    report_.stages = timer_.costs();
    report_.notices = writer_.notices();
    if (reader_.warnings().count > 0) report_.warnings.push_back(reader_.warnings().summary());
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
  tracking::Tracker tracker_;
  const SquarePixels square_pixels_;
  StageTimer timer_;
  Progress progress_;
  FaceFollower follower_;  // this and the sizes of the thread that decodes
  DrawingSizes sizes_;
  ConvertReport report_;  // of the thread that encodes
};

}  // namespace

ConvertReport convert_video(const std::filesystem::path& input, const std::filesystem::path& output,
                            const Toonifier& toonifier, const tracking::FaceModels& face_models,
                            const ConvertOptions& options) {
  options.check();
  if (options.draw == DrawWith::kTeacher) {
    throw Error(input.string() + ": a teacher draws stills only, its strokes do not hold still in a video",
                "the style's network draws videos: --draw child");
  }
  return Conversion(input, output, toonifier, face_models, options).run();
}

}  // namespace toonmirror::toon
