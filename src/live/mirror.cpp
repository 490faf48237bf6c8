#include "live/mirror.h"

#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <opencv2/imgproc.hpp>
#include <thread>

#include "base/error.h"
#include "base/latest_value.h"
#include "base/range.h"
#include "live/avatar.h"
#include "live/faces.h"
#include "live/orders.h"
#include "live/quality.h"
#include "live/shared_toonifier.h"
#include "toon/draw_faces.h"
#include "toon/latent_filter.h"

namespace toonmirror::live {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::milliseconds(50);

}  // namespace

struct LiveMirror::Impl {
  struct Job {
    int64_t index = 0;
    media::LiveFrame frame;
    cv::Mat rgb;  // of the frame, perhaps smaller
    std::vector<face::Face> faces;
    std::vector<int> largest_px;  // of the drawings
    double time_s = 0;
    LiveSettings settings;
    at::Tensor mix_with;
  };

  Impl(std::shared_ptr<media::Capture> first_camera, std::shared_ptr<toon::Toonifier> first_toonifier,
       tracking::FaceModels models, const LiveOptions& chosen)
      : camera(std::move(first_camera)),
        face_models(std::move(models)),
        options(chosen),
        style(first_toonifier->style()),
        drawing_with(std::move(first_toonifier)),
        finder(face_models.mesh, kQualitySteps.front().detect_every, chosen.no_face),
        avatar(face_models, chosen.motion_model, chosen.precision, timer),
        quality(chosen.target_fps) {
    for (int i = 0; i < options.workers; ++i) {
      workers.emplace_back([this, i](const std::stop_token& stop) { work(stop, i); });
    }
  }

  ~Impl() {
    for (std::jthread& worker : workers) worker.request_stop();
    present_camera()->wake();
  }

  void work(const std::stop_token& stop, int number) {
    toon::compute_in_this_thread_alone();
    while (!stop.stop_requested()) {
      try {
        orders.obey();
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

  std::shared_ptr<media::Capture> present_camera() const {
    const std::lock_guard lock(settings_mutex);
    return camera;
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
    std::optional<media::LiveFrame> frame = present_camera()->wait(kPatience);
    if (!frame) return std::nullopt;
    Job job;
    job.index = ++last_index;
    job.frame = std::move(*frame);
    job.time_s = seconds_of(job.frame.captured);
    job.settings = now;
    {
      const std::lock_guard settings_lock(settings_mutex);
      job.mix_with = mixed_with;
    }
    const QualityStep& step = quality.step();
    job.rgb = picture_of(job.frame);
    if (job.rgb.rows > step.largest_height_px) {
      const double scale = double(step.largest_height_px) / job.rgb.rows;
      cv::resize(job.rgb, job.rgb, {}, scale, scale, cv::INTER_AREA);
    }
    finder.detect_every(step.detect_every);
    const auto timed = timer.measure("face");
    job.faces = finder.find(job.rgb, job.time_s, now.faces);
    if (now.size_px != sizes.wanted_px()) sizes = toon::DrawingSizes(now.size_px);
    job.largest_px = sizes.choose(job.faces);
    for (int& px : job.largest_px) px = std::min(px, step.largest_drawing_px);
    return job;
  }

  void draw(Job& job) {
    LivePicture picture = {job.index, job.frame.captured, job.rgb.clone(), {}, 0};
    picture.after = job.rgb.clone();
    picture.faces = static_cast<int>(job.faces.size());
    drawing_with.use([&](const toon::Toonifier& toonifier) { draw(job, toonifier, picture); });
    publish(std::move(picture));
  }

  void draw(Job& job, const toon::Toonifier& toonifier, LivePicture& picture) {
    const toon::PasteOptions& paste = job.settings.paste;
    if (picture.faces > 0 || toon::draws_scene(toonifier.style(), paste)) {
      std::vector<cv::Mat> drawings;
      toon::DrawHooks hooks;
      hooks.drawings = &drawings;
      hooks.largest_px = job.largest_px;
      hooks.change_code = [&](const face::Face& face, toon::FaceCode& code) {
        filter.smooth(face.track_id, job.time_s, code);
        mix(job, toonifier, code);
      };
      toon::draw_faces(picture.after, job.faces, toonifier, paste, timer, hooks);
      if (job.settings.square && !drawings.empty()) picture.after = drawings.front();
    }
  }

  static void mix(const Job& job, const toon::Toonifier& drawing, toon::FaceCode& code) {
    const LiveSettings& settings = job.settings;
    if (settings.mix_share <= 0) return;
    const int64_t rows = code.ws.size(1), from = std::clamp<int64_t>(settings.mix_from_row, 0, rows);
    const at::Tensor other = job.mix_with.defined() && job.mix_with.sizes() == code.ws.sizes()
                                 ? job.mix_with
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
    std::optional<media::LiveFrame> camera_frame = present_camera()->wait(kPatience);
    if (!camera_frame) return;
    LivePicture picture = {++last_index, camera_frame->captured, picture_of(*camera_frame).clone(), {}, 0};
    const double time_s = seconds_of(camera_frame->captured);
    std::vector<face::Face> faces;
    {
      const auto timed = timer.measure("face");
      faces = finder.find(picture.before, time_s, toon::FaceChoice::kLargest);
    }
    picture.faces = static_cast<int>(faces.size());
    std::optional<face::Face> face;
    if (!faces.empty() && faces.front().seen) face = faces.front();
    if (wants_avatar && face) make_avatar(picture.before);
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
    drawing_with.use([&](const toon::Toonifier& toonifier) { avatar.make(photo, toonifier); });
    has_avatar = true;
    say("");
  }

  std::shared_ptr<media::Capture> camera;  // settings_mutex's
  const tracking::FaceModels face_models;
  const LiveOptions options;
  StageTimer timer;

  mutable std::mutex settings_mutex;  // of the camera and of what follows
  LiveSettings settings;
  at::Tensor mixed_with;
  toon::Style style;
  std::string message;
  std::exception_ptr failure;

  SharedToonifier drawing_with;
  toon::LatentFilter filter;

  // What changes what workers use is done by one of them between two pictures: the window, which asks for it,
  // never waits for a picture, a network or a file.
  Orders orders;

  mutable std::mutex finder_mutex;  // of what follows: whoever takes a picture
  LiveFaceFinder finder;
  toon::DrawingSizes sizes;
  std::atomic<int64_t> last_index = 0;
  LiveAvatar avatar;
  std::atomic<bool> wants_avatar = false, has_avatar = false;

  mutable std::mutex publish_mutex;  // of what follows
  int64_t published = 0, drawn = 0;
  LiveQuality quality;
  LatestValue<LivePicture> finished;

  std::vector<std::jthread> workers;  // last: they end first
};

LiveMirror::LiveMirror(std::shared_ptr<media::Capture> camera, std::shared_ptr<toon::Toonifier> toonifier,
                       tracking::FaceModels face_models, const LiveOptions& options)
    : impl_(
          std::make_unique<Impl>(std::move(camera), std::move(toonifier), std::move(face_models), options)) {}

LiveMirror::~LiveMirror() = default;

std::optional<LivePicture> LiveMirror::wait(std::chrono::milliseconds timeout) {
  std::optional<LivePicture> picture = impl_->finished.wait(timeout);
  const std::lock_guard lock(impl_->settings_mutex);
  if (impl_->failure) std::rethrow_exception(impl_->failure);
  return picture;
}

void LiveMirror::look_at(std::shared_ptr<media::Capture> camera) {
  impl_->present_camera()->wake();
  const std::lock_guard lock(impl_->settings_mutex);
  impl_->camera = std::move(camera);
}

void LiveSettings::check() const {
  paste.check();
  check_range("stability", stability, 0.0, 1.0);
  check_range("mix share", mix_share, 0.0, 1.0);
  check_range("size", size_px, 0, 4096);
}

LiveSettings LiveMirror::settings() const { return impl_->current(); }

void LiveMirror::set(const LiveSettings& settings) {
  settings.check();
  impl_->filter.set_stability(settings.stability);
  const std::lock_guard lock(impl_->settings_mutex);
  if (settings.mode != LiveMode::kMirror && !impl_->has_avatar) impl_->wants_avatar = true;
  impl_->settings = settings;
}

void LiveMirror::mix_with(const at::Tensor& w_plus) {
  const std::lock_guard lock(impl_->settings_mutex);
  impl_->mixed_with = w_plus;
}

void LiveMirror::use(std::shared_ptr<toon::Toonifier> toonifier) {
  {
    const std::lock_guard lock(impl_->settings_mutex);
    impl_->style = toonifier->style();
  }
  impl_->orders.add([impl = impl_.get(), toonifier = std::move(toonifier)] {
    impl->drawing_with.change([&](std::shared_ptr<toon::Toonifier>& present) {
      present = toonifier;
      impl->filter.reset();
    });
  });
}

void LiveMirror::restyle(const toon::Style& style) {
  toon::check_style(style);
  {
    const std::lock_guard lock(impl_->settings_mutex);
    impl_->style = style;
  }
  impl_->orders.add([impl = impl_.get(), style] {
    impl->drawing_with.change(
        [&](const std::shared_ptr<toon::Toonifier>& present) { present->restyle(style); });
  });
}

toon::Style LiveMirror::style() const {
  const std::lock_guard lock(impl_->settings_mutex);
  return impl_->style;
}

void LiveMirror::capture_avatar() { impl_->wants_avatar = true; }

void LiveMirror::recalibrate() {
  impl_->orders.add([impl = impl_.get()] {
    const std::lock_guard lock(impl->finder_mutex);
    impl->avatar.recalibrate();
  });
}

void LiveMirror::drive_with(const std::filesystem::path& video) {
  impl_->orders.add([impl = impl_.get(), video] {
    auto driving = std::make_unique<media::Capture>(media::LiveInputOptions{.source = video.string()});
    const std::lock_guard lock(impl->finder_mutex);
    impl->avatar.drive_with(std::move(driving));
  });
}

std::future<void> LiveMirror::export_avatar(const std::filesystem::path& path) {
  auto written = std::make_shared<std::promise<void>>();
  impl_->orders.add([impl = impl_.get(), path, written] {
    try {
      const std::lock_guard lock(impl->finder_mutex);
      if (!impl->avatar.exists()) {
        throw Error("no avatar yet", "capture one first: key C, in the modes animate and puppet");
      }
      impl->avatar.write(path);
      written->set_value();
    } catch (...) {
      written->set_exception(std::current_exception());
    }
  });
  return written->get_future();
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

}  // namespace toonmirror::live
