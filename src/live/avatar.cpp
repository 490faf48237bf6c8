#include "live/avatar.h"

#include "base/error.h"
#include "checkpoint/checkpoint_file.h"
#include "live/quality.h"
#include "nets/find_networks.h"
#include "toon/avatar.h"

namespace toonmirror::live {

cv::Mat picture_of(const media::LiveFrame& frame) {
  return {frame.height, frame.width, CV_8UC3, const_cast<uint8_t*>(frame.rgb.data())};
}

double seconds_of(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

LiveAvatar::LiveAvatar(tracking::FaceModels face_models, std::filesystem::path motion_model,
                       at::ScalarType precision, StageTimer& timer)
    : face_models_(std::move(face_models)),
      motion_model_(std::move(motion_model)),
      precision_(precision),
      timer_(timer) {}

void LiveAvatar::make(const cv::Mat& photo, const toon::Toonifier& toonifier) {
  if (!motion_) {
    motion_ = nets::open_motion_model(checkpoint::CheckpointFile(motion_model_), std::nullopt);
    motion_->prepare(precision_);
  }
  const toon::Avatar avatar =
      toon::make_avatar(photo, "the camera's picture", &toonifier, motion_, face_models_);
  puppet_ = std::make_unique<toon::Puppet>(toon::Animator(motion_, avatar, {}));
}

cv::Mat LiveAvatar::follow(const cv::Mat& rgb, const std::optional<face::Face>& face, double time_s,
                           bool square) {
  const auto timed = timer_.measure("motion");
  const cv::Mat moved = puppet_->update(rgb, face, time_s);
  return square ? moved : puppet_->animator().in_picture(moved);
}

std::optional<cv::Mat> LiveAvatar::drive(bool square) {
  const media::CaptureStatus status = driving_->status();
  if (status.state == media::CaptureState::kLost) throw Error(status.text, status.hint);
  const std::optional<media::LiveFrame> frame = driving_->wait(std::chrono::milliseconds(0));
  if (!frame) return std::nullopt;
  const cv::Mat rgb = picture_of(*frame);
  const double time_s = seconds_of(frame->captured);
  const std::vector<face::Face> faces = driving_finder_->find(rgb, time_s, toon::FaceChoice::kLargest);
  std::optional<face::Face> face;
  if (!faces.empty() && faces.front().seen) face = faces.front();
  return follow(rgb, face, time_s, square);
}

void LiveAvatar::write(const std::filesystem::path& path) const {
  toon::write_avatar(path, puppet_->animator().avatar(), motion_);
}

void LiveAvatar::drive_with(std::unique_ptr<media::Capture> video) {
  driving_ = std::move(video);
  driving_finder_ = std::make_unique<LiveFaceFinder>(face_models_.mesh, kQualitySteps.front().detect_every);
  recalibrate();
}

void LiveAvatar::recalibrate() {
  if (puppet_) puppet_->recalibrate();
}

}  // namespace toonmirror::live
