#include "app/live_session.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/error.h"
#include "base/model_path.h"
#include "base/percentile.h"
#include "media/live_sound.h"
#include "media/still.h"
#include "toon/latents.h"
#include "toon/pictures.h"
#include "toon/style.h"

namespace toonmirror::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

const std::map<std::string, live::LiveMode> kModes = {{"mirror", live::LiveMode::kMirror},
                                                      {"animate", live::LiveMode::kAnimate},
                                                      {"puppet", live::LiveMode::kPuppet}};
std::vector<int64_t> resolutions_up_to(int64_t last) {
  std::vector<int64_t> all;
  for (int64_t r = 4; r <= last; r *= 2) all.push_back(r);
  return all;
}

// What the panel shows of a style's networks.
void show_networks(const toon::Toonifier& toonifier, display::PanelState& panel) {
  panel.recipe = toonifier.style();
  panel.resolutions = resolutions_up_to(toonifier.resolution());
  panel.latent_rows = static_cast<int>(toonifier.latent_count());
}

constexpr double kVirtualCameraRate = 30;
constexpr size_t kRecent = 150;               // pictures whose latency the window tells
constexpr ptrdiff_t kMostLatencies = 100000;  // that are remembered for the summary: an hour

}  // namespace

LiveSession::LiveSession(const LiveArguments& arguments)
    : arguments_(arguments),
      compute_(engine::choose_compute(arguments.compute)),
      face_models_(tracking::load_face_models()),
      camera_(std::make_shared<media::Capture>(arguments.camera)),
      toonifier_(std::make_shared<toon::Toonifier>(toon::find_style(arguments.style), compute_.precision,
                                                   compute_.device)) {
  live::LiveOptions options;
  options.workers = compute_.threads;
  options.target_fps = arguments.target_fps;
  options.no_face = arguments.no_face;
  options.precision = compute_.precision;
  options.motion_model = find_model(arguments.motion_model, ".safetensors");
  mirror_ = std::make_unique<live::LiveMirror>(camera_, toonifier_, face_models_, options);
  for (const fs::path& style : list_models(".toml")) panel_.styles.push_back(style.stem().string());
  for (const fs::path& sample : list_models(".jpg", "samples")) {
    const media::StillImage image = media::read_still(sample);
    panel_.samples[sample.stem().string()] = toon::picture_of(image);
  }
  panel_.style = toonifier_->style().name;
  show_networks(*toonifier_, panel_);
  panel_.driving = arguments.driving;
  panel_.camera = arguments.camera.source;
  panel_.settings.mode = kModes.at(arguments.mode);
  panel_.settings.paste.mode = arguments.paste;
  panel_.settings.paste.scene = arguments.scene;
  panel_.settings.faces = arguments.faces;
  panel_.settings.size_px = arguments.size_px;
  panel_.settings.stability = arguments.stability;
  mirror_->set(panel_.settings);
  if (!arguments.driving.empty()) mirror_->drive_with(arguments.driving);
}

LiveSession::~LiveSession() {
  if (coming_.valid()) coming_.wait();
}

std::optional<live::LivePicture> LiveSession::wait(std::chrono::milliseconds timeout) {
  std::optional<live::LivePicture> picture = mirror_->wait(timeout);
  const media::CaptureStatus status = camera_->status();
  // A file or the first camera of a run without a window will not come by itself.
  const bool hopeless =
      media::live_input_kind(arguments_.camera.source) == media::LiveInputKind::kFile ||
      media::live_input_kind(arguments_.camera.source) == media::LiveInputKind::kTestPattern ||
      arguments_.headless;
  if (status.state == media::CaptureState::kLost && status.captured == 0 && hopeless) {
    throw Error(status.text, status.hint);
  }
  return picture;
}

void LiveSession::presented(const live::LivePicture& picture) {
  const auto now = Clock::now();
  constexpr double kSmooth = 0.1;
  if (count_++ == 0) {
    begin_ = now;
    dropped_before_ = camera_->status().dropped;
  } else {
    const double interval_s = std::chrono::duration<double>(now - last_presented_).count();
    interval_s_ = interval_s_ == 0 ? interval_s : interval_s_ + kSmooth * (interval_s - interval_s_);
  }
  last_presented_ = now;
  latencies_ms_.push_back(std::chrono::duration<double, std::milli>(now - picture.captured).count());
  if (std::ssize(latencies_ms_) > kMostLatencies) {
    latencies_ms_.erase(latencies_ms_.begin(), latencies_ms_.begin() + kMostLatencies / 2);
  }
  last_ = picture;
  if (recorder_ == nullptr && !arguments_.record.empty() && count_ == 1) {
    recording_ = arguments_.record;
    begin_recording(picture);
  }
  if (recorder_) recorder_->write(picture.after, picture.captured);
  if (!virtual_camera_ && !arguments_.virtual_camera.empty()) {
    virtual_camera_ = std::make_unique<media::VirtualCamera>(arguments_.virtual_camera, picture.after.cols,
                                                             picture.after.rows, kVirtualCameraRate);
  }
  if (virtual_camera_)
    virtual_camera_->write(toon::still_of(picture.after).rgb, picture.after.cols, picture.after.rows);
}

display::Figures LiveSession::figures() const {
  display::Figures figures;
  figures.fps = interval_s_ > 0 ? 1 / interval_s_ : 0;
  std::tie(figures.latency_p50_ms, figures.latency_p95_ms) = latency_of_the_last(kRecent);
  figures.camera = camera_->status();
  figures.camera.dropped = std::max<int64_t>(0, figures.camera.dropped - dropped_before_);
  figures.live = mirror_->statistics();
  figures.recording = recorder_ != nullptr;
  if (recorder_) figures.recorded_s = recorder_->seconds();
  return figures;
}

std::pair<double, double> LiveSession::latency_of_the_last(size_t count) const {
  const auto known = static_cast<ptrdiff_t>(std::min(count, latencies_ms_.size()));
  std::vector<double> last(latencies_ms_.end() - known, latencies_ms_.end());
  std::ranges::sort(last);
  return {percentile(last, 0.5), percentile(last, 0.95)};
}

void LiveSession::notice(const std::string& text) {
  panel_.notice = text;
  noticed_ = Clock::now();
  spdlog::info("{}", text);
}

void LiveSession::take_style() {
  if (!coming_.valid() || coming_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  try {
    toonifier_ = coming_.get();
    mirror_->use(toonifier_);
    panel_.style = coming_name_;
    show_networks(*toonifier_, panel_);
    notice("style: " + coming_name_);
  } catch (const Error& error) {
    notice(error.what());
  }
}

void LiveSession::take_avatar() {
  if (!writing_.valid() || writing_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  try {
    writing_.get();
    notice("wrote " + written_.string() + "; move it with toonmirror animate");
  } catch (const Error& error) {
    notice(error.what());
  }
}

void LiveSession::use_style(const std::string& name) {
  if (coming_.valid()) return;  // one at a time
  coming_name_ = name;
  coming_ = std::async(std::launch::async, [name, compute = compute_] {
    return std::make_shared<toon::Toonifier>(toon::find_style(name), compute.precision, compute.device);
  });
}

void LiveSession::step_style(int by) {
  if (panel_.styles.empty()) return;
  const auto count = static_cast<int>(panel_.styles.size());
  const auto found = std::ranges::find(panel_.styles, panel_.style);
  const int now = found == panel_.styles.end() ? 0 : static_cast<int>(found - panel_.styles.begin());
  use_style(panel_.styles[static_cast<size_t>((now + by + count) % count)]);
}

void LiveSession::set_mode(live::LiveMode mode) {
  panel_.settings.mode = mode;
  panel_.settings_changed = true;
}

void LiveSession::open_camera(const std::string& source) {
  arguments_.camera = media::LiveInputOptions{.source = source};
  camera_ = std::make_shared<media::Capture>(arguments_.camera);
  mirror_->look_at(camera_);
}

void LiveSession::mix_with(const std::string& file) {
  mirror_->mix_with({});
  panel_.settings_changed = true;
  if (file.empty()) return;
  const at::Tensor ws = toon::load_latents(file).ws;
  const int rows = panel_.latent_rows;
  if (ws.size(1) != rows) {
    throw Error(fmt::format("{}: its latents have {} rows, the style's {}", file, ws.size(1), rows),
                "project the photo again with this style");
  }
  mirror_->mix_with(ws.narrow(0, 0, 1).to(at::kFloat));
  if (panel_.settings.mix_share == 0) panel_.settings.mix_share = 1;
}

void LiveSession::obey_panel() {
  constexpr auto kNoticeTime = std::chrono::seconds(4);
  if (!panel_.notice.empty() && Clock::now() - noticed_ > kNoticeTime) panel_.notice.clear();
  take_style();
  take_avatar();
  try {
    if (std::exchange(panel_.settings_changed, false)) mirror_->set(panel_.settings);
    if (std::exchange(panel_.recipe_changed, false)) mirror_->restyle(panel_.recipe);
    if (const auto style = std::exchange(panel_.wanted_style, std::nullopt)) use_style(*style);
    if (const auto video = std::exchange(panel_.wanted_driving, std::nullopt)) mirror_->drive_with(*video);
    if (const auto camera = std::exchange(panel_.wanted_camera, std::nullopt)) open_camera(*camera);
    if (const auto face = std::exchange(panel_.wanted_mix, std::nullopt)) mix_with(*face);
    if (std::exchange(panel_.wants_capture, false)) capture();
    if (std::exchange(panel_.wants_recalibration, false)) recalibrate();
    if (std::exchange(panel_.wants_recording, false)) toggle_recording();
    if (std::exchange(panel_.wants_snapshot, false)) snapshot();
    if (std::exchange(panel_.wants_recipe_saved, false)) save_recipe();
    if (std::exchange(panel_.wants_avatar_exported, false)) export_avatar();
  } catch (const Error& error) {
    notice(error.what());
  }
}

fs::path LiveSession::new_file(const char* what, const char* extension) const {
  const std::time_t now = std::time(nullptr);
  const std::string stem = fmt::format("toonmirror-{}-{:%Y%m%d-%H%M%S}", what, fmt::localtime(now));
  fs::path file = stem + extension;
  for (int i = 2; fs::exists(file); ++i) file = stem + "-" + std::to_string(i) + extension;
  return file;
}

void LiveSession::begin_recording(const live::LivePicture& first) {
  std::shared_ptr<media::LiveSound> sound;
  const bool from_camera = media::live_input_kind(arguments_.camera.source) == media::LiveInputKind::kCamera;
  const bool automatic = arguments_.microphone == "auto";
  if (arguments_.microphone != "none" && (!automatic || from_camera)) {
    try {
      sound = std::make_shared<media::LiveSound>(automatic ? "default" : arguments_.microphone);
    } catch (const Error& error) {
      if (!automatic) throw;
      notice(std::string("recording without sound: ") + error.what());
    }
  }
  recorder_ = std::make_unique<live::LiveRecorder>(recording_, first.after.size(), first.captured, sound);
  recording_has_sound_ = sound != nullptr;
  notice("recording to " + recording_.string() + (sound ? ", with sound" : ""));
}

void LiveSession::end_recording() {
  const std::unique_ptr<live::LiveRecorder> recorder = std::move(recorder_);
  recorder->finish();
  std::string text = fmt::format("wrote {}: {:.1f} s", recording_.string(), recorder->seconds());
  if (recorder->dropped() > 0) text += fmt::format(", {} pictures dropped", recorder->dropped());
  if (recording_has_sound_)
    text += fmt::format(", sound off by {:.0f} ms at the end", 1e3 * recorder->sound_drift_s());
  notice(text);
}

void LiveSession::toggle_recording() {
  if (!recorder_) {
    if (last_.after.empty()) return;
    recording_ = new_file("video", ".mp4");
    begin_recording(last_);
    return;
  }
  end_recording();
}

void LiveSession::snapshot() {
  if (last_.after.empty()) return;
  const fs::path file = new_file("picture", ".png");
  media::write_still(file, toon::still_of(last_.after));
  notice("wrote " + file.string());
}

void LiveSession::save_recipe() {
  toon::Style style = mirror_->style();
  style.file = fs::absolute(new_file("style", ".toml"));
  style.name = style.file.stem().string();
  toon::write_style(style);
  notice("wrote " + style.file.filename().string() + "; use it with --style");
}

void LiveSession::export_avatar() {
  const fs::path file = new_file("avatar", ".safetensors");
  if (writing_.valid()) return;  // one at a time
  written_ = file;
  writing_ = mirror_->export_avatar(file);
}

void LiveSession::finish() {
  if (recorder_) end_recording();
}

namespace {

double mean_fps(int64_t count, Clock::time_point begin, Clock::time_point end) {
  const double seconds = std::chrono::duration<double>(end - begin).count();
  return count > 1 && seconds > 0 ? static_cast<double>(count - 1) / seconds : 0;
}

}  // namespace

std::string LiveSession::summary() const {
  const display::Figures now = figures();
  const auto [p50_ms, p95_ms] = latency_of_the_last(latencies_ms_.size());
  return fmt::format("{} pictures, {:.1f} fps, latency {:.0f} ms (p50), {:.0f} ms (p95), {} dropped\n{}",
                     count_, mean_fps(count_, begin_, last_presented_), p50_ms, p95_ms, now.camera.dropped,
                     format_stage_costs(now.live.stages));
}

std::string LiveSession::json() const {
  const display::Figures now = figures();
  const auto [p50_ms, p95_ms] = latency_of_the_last(latencies_ms_.size());
  nlohmann::ordered_json object = {{"fps", mean_fps(count_, begin_, last_presented_)},
                                   {"latency_p50_ms", p50_ms},
                                   {"latency_p95_ms", p95_ms},
                                   {"dropped", now.camera.dropped},
                                   {"frames", count_},
                                   {"captured", now.camera.captured},
                                   {"jitter_px", now.live.jitter_px},
                                   {"quality", now.live.quality}};
  object["stages"] = nlohmann::ordered_json::array();
  for (const StageCost& cost : now.live.stages) {
    object["stages"].push_back({{"stage", cost.stage}, {"p50_ms", cost.p50_ms}, {"p95_ms", cost.p95_ms}});
  }
  return object.dump();
}

}  // namespace toonmirror::app
