#include "toon/live_mirror.h"

#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <opencv2/imgproc.hpp>
#include <shared_mutex>
#include <thread>

#include "base/error.h"
#include "base/latest_value.h"
#include "toon/draw_faces.h"
#include "toon/latent_filter.h"
#include "toon/live_avatar.h"
#include "toon/live_faces.h"
#include "toon/live_quality.h"

namespace toonmirror::toon {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::milliseconds(50);

}  // namespace

struct LiveMirror::Impl {
  struct Job {
    int64_t index = 0;
    media::LiveFrame frame;
    cv::Mat rgb;  // of the frame, perhaps smaller
    LiveFaces found;
    std::vector<int> largest_px;  // of the drawings
    double time_s = 0;
    LiveSettings settings;
  };

  Impl(media::Capture& first_camera, std::shared_ptr<Toonifier> first_toonifier,
       face::SharedLandmarkPredictor landmarks, const LiveOptions& chosen)
      : camera(&first_camera),
        predictor(std::move(landmarks)),
        options(chosen),
        toonifier(std::move(first_toonifier)),
        finder(predictor, kQualitySteps.front().detect_every),
        avatar(predictor, chosen.motion_model, chosen.precision, timer),
        quality(chosen.target_fps) {
    for (int i = 0; i < options.workers; ++i) {
      workers.emplace_back([this, i](const std::stop_token& stop) { work(stop, i); });
    }
  }

  ~Impl() {
    for (std::jthread& worker : workers) worker.request_stop();
    camera.load()->wake();
  }

  void work(const std::stop_token& stop, int number) {
    compute_in_this_thread_alone();
    while (!stop.stop_requested()) {
      try {
        const LiveSettings now = current();
        if (now.mode == LiveMode::kMirror) {
          at::set_num_threads(1);
          if (std::optional<Job> job = next_job(now)) draw(*job);
        } else if (number == 0) {
          // One avatar is moved by one picture after the other: the others' cores help with each.
          at::set_num_threads(options.workers);
          move_avatar(now);
        } else {
          std::this_thread::sleep_for(kPatience);
        }
      } catch (const Error& error) {
        say(error.what());
      } catch (...) {
        const std::lock_guard lock(settings_mutex);
        failure = std::current_exception();
        return;
      }
    }
  }

  std::shared_lock<std::shared_mutex> lock_style() const {
    const std::lock_guard gate(style_gate);
    return std::shared_lock(style_mutex);
  }

  LiveSettings current() const {
    const std::lock_guard lock(settings_mutex);
    return settings;
  }

  void say(const std::string& text) {
    const std::lock_guard lock(settings_mutex);
    if (text == message) return;
    message = text;
    if (!text.empty()) spdlog::warn("{}", text);
  }

  std::optional<Job> next_job(const LiveSettings& now) {
    const std::lock_guard lock(finder_mutex);
    std::optional<media::LiveFrame> frame = camera.load()->wait(kPatience);
    if (!frame) return std::nullopt;
    Job job;
    job.index = ++last_index;
    job.frame = std::move(*frame);
    job.time_s = seconds_of(job.frame.captured);
    job.settings = now;
    const QualityStep& step = quality.step();
    job.rgb = picture_of(job.frame);
    if (job.rgb.rows > step.largest_height_px) {
      const double scale = double(step.largest_height_px) / job.rgb.rows;
      cv::resize(job.rgb, job.rgb, {}, scale, scale, cv::INTER_AREA);
    }
    finder.detect_every(step.detect_every);
    const auto timed = timer.measure("face");
    job.found = finder.find(job.rgb, job.time_s, now.faces);
    if (now.size_px != sizes.wanted_px()) sizes = DrawingSizes(now.size_px);
    job.largest_px = sizes.choose(job.found.faces);
    for (int& px : job.largest_px) px = std::min(px, step.largest_drawing_px);
    return job;
  }

  void draw(Job& job) {
    LivePicture picture = {job.index, job.frame.captured, job.rgb.clone(), {}, 0};
    picture.after = job.rgb.clone();
    picture.faces = static_cast<int>(job.found.faces.size());
    const auto lock = lock_style();
    const std::shared_ptr<const Toonifier> drawing = toonifier;
    PasteOptions paste = job.settings.paste;
    if (picture.faces > 0 || draws_scene(drawing->style(), paste)) {
      std::vector<cv::Mat> drawings;
      DrawHooks hooks;
      hooks.drawings = &drawings;
      hooks.largest_px = job.largest_px;
      hooks.change_code = [&](const face::Face& face, FaceCode& code) {
        filter.smooth(face.track_id, job.time_s, code);
        mix(job.settings, *drawing, code);
      };
      paste.presence = job.found.presence;
      draw_faces(picture.after, job.found.faces, *drawing, paste, timer, hooks);
      if (job.settings.square && !drawings.empty()) picture.after = drawings.front();
    }
    publish(std::move(picture));
  }

  static void mix(const LiveSettings& settings, const Toonifier& drawing, FaceCode& code) {
    if (settings.mix_share <= 0) return;
    const int64_t rows = code.ws.size(1), from = std::clamp<int64_t>(settings.mix_from_row, 0, rows);
    const at::Tensor other = settings.mix_with.defined() && settings.mix_with.sizes() == code.ws.sizes()
                                 ? settings.mix_with
                                 : drawing.latent_of_seed(settings.mix_seed);
    at::Tensor mixed = code.ws.clone();
    mixed.narrow(1, from, rows - from)
        .copy_(at::lerp(code.ws.narrow(1, from, rows - from), other.narrow(1, from, rows - from),
                        settings.mix_share));
    code.ws = mixed;
  }

  // Pictures may be finished out of order: older ones than the last are dropped.
  void publish(LivePicture picture) {
    const std::lock_guard lock(publish_mutex);
    if (picture.index <= published) return;
    published = picture.index;
    ++drawn;
    quality.count(Clock::now());
    finished.put(std::move(picture));
  }

  // --- avatars ---

  void move_avatar(const LiveSettings& now) {
    const std::lock_guard lock(finder_mutex);
    std::optional<media::LiveFrame> camera_frame = camera.load()->wait(kPatience);
    if (!camera_frame) return;
    LivePicture picture = {++last_index, camera_frame->captured, picture_of(*camera_frame).clone(), {}, 0};
    const double time_s = seconds_of(camera_frame->captured);
    LiveFaces found;
    {
      const auto timed = timer.measure("face");
      found = finder.find(picture.before, time_s, FaceChoice::kLargest);
    }
    picture.faces = static_cast<int>(found.faces.size());
    if (wants_avatar && found.presence >= 1 && !found.faces.empty()) make_avatar(picture.before);
    std::optional<face::Face> face;
    if (!found.faces.empty()) face = found.faces.front();
    if (!avatar.exists()) {
      picture.after = picture.before;
    } else if (now.mode == LiveMode::kPuppet) {
      picture.after = avatar.follow(picture.before, face, time_s, now.square);
    } else if (!avatar.has_driving()) {
      say("animate: no driving video yet: give one with --driving, or in the panel");
      picture.after = avatar.at_rest();
    } else if (const std::optional<cv::Mat> driven = avatar.drive(now.square)) {
      picture.after = *driven;
    } else {
      return;
    }
    publish(std::move(picture));
  }

  void make_avatar(const cv::Mat& photo) {
    wants_avatar = false;
    const auto lock = lock_style();
    avatar.make(photo, *toonifier);
    has_avatar = true;
    say("");
  }

  std::atomic<media::Capture*> camera;  // changed with finder_mutex held
  const face::SharedLandmarkPredictor predictor;
  const LiveOptions options;
  StageTimer timer;

  mutable std::mutex settings_mutex;  // of settings, message, failure
  LiveSettings settings;
  std::string message;
  std::exception_ptr failure;

  // Shared: draws; alone: changes the toonifier. Whoever wants either passes the gate first, or those who
  // draw, one of whom always does, would keep the others out for ever.
  mutable std::mutex style_gate;
  mutable std::shared_mutex style_mutex;
  std::shared_ptr<Toonifier> toonifier;
  LatentFilter filter;

  mutable std::mutex finder_mutex;  // of what follows: whoever takes a picture
  LiveFaceFinder finder;
  DrawingSizes sizes;
  std::atomic<int64_t> last_index = 0;
  LiveAvatar avatar;
  std::atomic<bool> wants_avatar = false, has_avatar = false;

  mutable std::mutex publish_mutex;  // of what follows
  int64_t published = 0, drawn = 0;
  LiveQuality quality;
  LatestValue<LivePicture> finished;

  std::vector<std::jthread> workers;  // last: they end first
};

LiveMirror::LiveMirror(media::Capture& camera, std::shared_ptr<Toonifier> toonifier,
                       face::SharedLandmarkPredictor predictor, const LiveOptions& options)
    : impl_(std::make_unique<Impl>(camera, std::move(toonifier), std::move(predictor), options)) {}

LiveMirror::~LiveMirror() = default;

std::optional<LivePicture> LiveMirror::wait(std::chrono::milliseconds timeout) {
  std::optional<LivePicture> picture = impl_->finished.wait(timeout);
  const std::lock_guard lock(impl_->settings_mutex);
  if (impl_->failure) std::rethrow_exception(impl_->failure);
  return picture;
}

void LiveMirror::look_at(media::Capture& camera) {
  impl_->camera.load()->wake();
  const std::lock_guard lock(impl_->finder_mutex);
  impl_->camera = &camera;
}

LiveSettings LiveMirror::settings() const { return impl_->current(); }

void LiveMirror::set(const LiveSettings& settings) {
  impl_->filter.set_stability(settings.stability);
  const std::lock_guard lock(impl_->settings_mutex);
  if (settings.mode != LiveMode::kMirror && !impl_->has_avatar) impl_->wants_avatar = true;
  impl_->settings = settings;
}

void LiveMirror::use(std::shared_ptr<Toonifier> toonifier) {
  const std::lock_guard gate(impl_->style_gate);
  const std::unique_lock lock(impl_->style_mutex);
  impl_->toonifier = std::move(toonifier);
  impl_->filter.reset();
}

void LiveMirror::restyle(const Style& style) {
  const std::lock_guard gate(impl_->style_gate);
  const std::unique_lock lock(impl_->style_mutex);
  impl_->toonifier->restyle(style);
}

Style LiveMirror::style() const {
  const auto lock = impl_->lock_style();
  return impl_->toonifier->style();
}

void LiveMirror::capture_avatar() { impl_->wants_avatar = true; }

void LiveMirror::recalibrate() {
  const std::lock_guard lock(impl_->finder_mutex);
  impl_->avatar.recalibrate();
}

void LiveMirror::drive_with(const std::filesystem::path& video) {
  auto driving = std::make_unique<media::Capture>(media::LiveInputOptions{.source = video.string()});
  const std::lock_guard lock(impl_->finder_mutex);
  impl_->avatar.drive_with(std::move(driving));
}

void LiveMirror::export_avatar(const std::filesystem::path& path) const {
  const std::lock_guard lock(impl_->finder_mutex);
  if (!impl_->avatar.exists())
    throw Error("no avatar yet", "capture one first: key C, in the modes animate and puppet");
  impl_->avatar.write(path);
}

LiveStatistics LiveMirror::statistics() const {
  LiveStatistics statistics;
  statistics.stages = impl_->timer.costs();
  statistics.has_avatar = impl_->has_avatar;
  {
    const std::lock_guard lock(impl_->publish_mutex);
    statistics.drawn = impl_->drawn;
    statistics.quality = impl_->quality.describe();
  }
  {
    const std::lock_guard lock(impl_->settings_mutex);
    statistics.message = impl_->message;
  }
  statistics.jitter_px = impl_->finder.jitter_px();
  return statistics;
}

}  // namespace toonmirror::toon
