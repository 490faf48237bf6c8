#include "app/walk.h"

#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "media/still.h"
#include "media/video_writer.h"
#include "toon/encode_face.h"
#include "toon/pictures.h"
#include "tracking/face_search.h"

namespace toonmirror::app {
namespace {

constexpr double kMaxSeconds = 600;

// The share of a stop that is `distance` stops away from where the walk is: ½ at the stop itself, 0 from 2
// on; all shares sum to 1.
double share_at(double distance) {
  return std::abs(distance) < 2 ? 0.25 * (1 + std::cos(std::numbers::pi * distance / 2)) : 0;
}

toon::FaceCode mixture(const std::vector<toon::FaceCode>& stops, double position) {
  const auto count = static_cast<int64_t>(stops.size());
  toon::FaceCode result;
  const auto first = static_cast<int64_t>(std::floor(position)) - 1;
  for (int64_t i = first; i <= first + 3; ++i) {
    const toon::FaceCode& stop = stops[static_cast<size_t>(((i % count) + count) % count)];
    const double share = share_at(static_cast<double>(i) - position);
    result.ws = result.ws.defined() ? result.ws + stop.ws * share : stop.ws * share;
    for (const auto& [resolution, feature] : stop.features) {
      at::Tensor& sum = result.features[resolution];
      sum = sum.defined() ? sum + feature * share : feature * share;
    }
  }
  return result;
}

// The picture as seen by someone who moves a little; `turn` in [0, 1] is the share of the walk.
cv::Mat swayed(const cv::Mat& picture, double turn, int size_px) {
  const double phase = 2 * std::numbers::pi * turn;
  const double scale = static_cast<double>(size_px) / picture.cols * (1.0 + 0.02 * std::sin(2 * phase));
  const cv::Point2f centre(static_cast<float>(picture.cols) / 2.0f, static_cast<float>(picture.rows) / 2.0f);
  cv::Mat matrix = cv::getRotationMatrix2D(centre, 2.5 * std::sin(phase), scale);
  matrix.at<double>(0, 2) += size_px / 2.0 - centre.x + 0.018 * size_px * std::sin(3 * phase);
  matrix.at<double>(1, 2) += size_px / 2.0 - centre.y + 0.012 * size_px * std::sin(2 * phase + 1);
  cv::Mat result;
  cv::warpAffine(picture, result, matrix, {size_px, size_px}, cv::INTER_CUBIC, cv::BORDER_REFLECT);
  return result;
}

}  // namespace

std::vector<toon::FaceCode> codes_of_photos(const toon::Toonifier& toonifier,
                                            const std::vector<std::string>& photos) {
  const tracking::FaceModels face_models = tracking::load_face_models();
  StageTimer timer;
  std::vector<toon::FaceCode> codes;
  for (const std::string& path : photos) {
    media::StillImage still = media::read_still(path);
    const cv::Mat photo = toon::picture_of(still);
    const std::vector<face::Face> faces = tracking::require_faces(face_models, photo, path);
    codes.push_back(toon::encode_face(photo, faces.front(), toonifier, timer).code);
  }
  return codes;
}

void write_walk(const std::filesystem::path& path, const toon::Toonifier& toonifier,
                const std::vector<toon::FaceCode>& stops, const WalkOptions& options) {
  if (stops.size() < 2) throw Error("a walk needs at least two faces to walk between");
  if (!(options.seconds > 0) || options.seconds > kMaxSeconds) throw Error("a walk lasts up to 600 seconds");
  media::VideoInfo info;
  info.width = info.height = options.size_px;
  info.frame_rate = info.base_rate = {options.frames_per_second, 1};
  info.time_base = {1, options.frames_per_second};
  media::VideoWriter writer(path, info);
  const auto count = static_cast<int64_t>(std::lround(options.seconds * options.frames_per_second));
  Progress progress({.label = path.filename().string(), .total = count});
  for (int64_t i = 0; i < count; ++i) {
    throw_if_interrupted();
    const double turn = static_cast<double>(i) / static_cast<double>(count);
    const cv::Mat picture = toonifier.render(mixture(stops, turn * static_cast<double>(stops.size())));
    const cv::Mat view = swayed(picture, turn, options.size_px);
    media::Frame frame;
    toon::set_picture(frame, view);
    frame.pts = frame.index = i;
    frame.duration = 1;
    frame.time_base = info.time_base;
    writer.write(frame);
    progress.advance();
  }
  writer.commit();
}

}  // namespace toonmirror::app
