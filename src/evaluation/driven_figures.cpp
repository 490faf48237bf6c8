#include "evaluation/driven_figures.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"
#include "evaluation/photo_judge.h"
#include "face/alignment.h"
#include "face/landmarks.h"
#include "media/video_reader.h"
#include "nets/face_mesh_points.h"
#include "nets/mesh_measures.h"
#include "nets/mesh_transfer.h"
#include "toon/pictures.h"

namespace toonmirror::evaluation {
namespace {

constexpr double kSurelyAFace = 0.4;  // presence
// Standard deviations below which a face does not move so: of openings and gaze in widths of mouth and eye, of angles
// in degrees.
constexpr double kLeastOpening = 0.02, kLeastGaze = 0.03, kLeastAngle_deg = 1.5;

// What a face does, frame by frame.
struct Deeds {
  std::vector<double> mouth, lids, gaze, yaw, pitch;

  void add(const at::Tensor& mesh) {  // [478, 3]
    mouth.push_back(nets::mouth_openings(mesh.unsqueeze(0)).item<double>());
    lids.push_back(nets::eye_openings(mesh.unsqueeze(0)).mean().item<double>());
    gaze.push_back(gaze_of(mesh));
    const nets::HeadTurn turn = nets::head_turn(mesh);
    yaw.push_back(turn.yaw);
    pitch.push_back(turn.pitch);
  }

  // How far the irises lie to the right of the middle of their eyes, in widths of the eye.
  static double gaze_of(const at::Tensor& mesh) {
    double sum = 0;
    for (const auto& [lids, iris] :
         {std::pair{nets::kLeftLids, nets::kLeftIris}, std::pair{nets::kRightLids, nets::kRightIris}}) {
      const at::Tensor a = mesh[lids[0]].slice(0, 0, 2), b = mesh[lids[nets::kInnerCorner]].slice(0, 0, 2);
      const at::Tensor along = a[0].item<double>() < b[0].item<double>() ? b - a : a - b;
      const at::Tensor away = mesh[iris].slice(0, 0, 2) - (a + b) / 2;
      sum += (away.dot(along) / along.dot(along).clamp_min(1e-9)).item<double>();
    }
    return sum / 2;
  }
};

double deviation(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const auto count = static_cast<double>(values.size());
  return std::sqrt(std::max(squares / count - sum * sum / (count * count), 0.0));
}

std::optional<double> correlation(const std::vector<double>& a, const std::vector<double>& b, double least) {
  if (a.size() < 3 || deviation(a) < least) return std::nullopt;
  const auto count = static_cast<double>(a.size());
  double mean_a = 0, mean_b = 0, product = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] / count;
    mean_b += b[i] / count;
  }
  for (size_t i = 0; i < a.size(); ++i) product += (a[i] - mean_a) * (b[i] - mean_b) / count;
  return product / std::max(deviation(a) * deviation(b), 1e-12);
}

at::Tensor tensor_of(const std::vector<cv::Point3d>& mesh) {
  at::Tensor result = at::empty({static_cast<int64_t>(mesh.size()), 3}, at::kDouble);
  std::copy_n(mesh.data(), mesh.size(), reinterpret_cast<cv::Point3d*>(result.data_ptr<double>()));
  return result;
}

at::Tensor driving_mesh(const toon::DrivingFrame& frame) {
  return tensor_of({frame.mesh.begin(), frame.mesh.end()});
}

// The face in a drawn square, where it was meant to be.
tracking::MeshFace face_in(const cv::Mat& square, const at::Tensor& meant,
                           const tracking::MeshPredictor& mesh) {
  const nets::MeshSquare there = nets::square_around(meant);
  const auto pixels = [&](double x) { return (x + 1) / 2 * (square.cols - 1); };
  const double scale = 0.5 * (square.cols - 1);
  return mesh.predict(square, {{pixels(there.centre_x), pixels(there.centre_y)},
                               {there.right_x * scale, there.right_y * scale}});
}

at::Tensor embedding(const training::IdentityNetwork& identity, const cv::Mat& square,
                     const face::Landmarks& points) {
  const at::Tensor scaled = to_tensor(points) * (static_cast<double>(kJudgedSize_px) / square.cols);
  return identity.embed(toon::motion_tensor(resized(square, kJudgedSize_px)) * 2 - 1, scaled.to(at::kFloat));
}

}  // namespace

DrivenFigures measure_driven(const toon::Avatar& avatar, const toon::DrivingMotion& motion,
                             const nets::MotionModel& model, const tracking::FaceModels& face_models,
                             const training::IdentityNetwork* identity) {
  const at::NoGradGuard no_grad;
  const tracking::MeshPredictor& mesh = *face_models.mesh.get();
  const toon::Animator animator(model, avatar, {});
  const at::Tensor rest = avatar.source.key_points.mesh;
  if (!rest.defined()) throw Error("figures of driven pictures need a motion model that goes by face meshes");
  const std::vector<size_t> references = toon::reference_frames(motion.driving, avatar, /*first=*/false);
  DrivenFigures figures;
  figures.source = avatar.name;
  figures.driving = motion.driving.info.path.filename().string();
  at::Tensor resting;
  if (identity != nullptr) {
    const cv::Mat square = animator.draw(avatar.source.key_points);
    resting = embedding(*identity, square, face_in(square, rest[0], mesh).landmarks);
  }
  Deeds driven, driving;
  double sum = 0, worst = 1;
  for (size_t i = 0; i < motion.key_points.size(); ++i) {
    throw_if_interrupted();
    const toon::DrivingFrame& frame = motion.driving.frames[i];
    if (frame.mesh.empty()) continue;
    const nets::KeyPoints moved =
        animator.follow_from(motion.key_points[references[i]], motion.key_points[i], frame.presence);
    const cv::Mat square = animator.draw(moved);
    const tracking::MeshFace found = face_in(square, moved.mesh[0], mesh);
    if (found.presence < kSurelyAFace) {
      ++figures.faceless;
      continue;
    }
    driving.add(driving_mesh(frame));
    driven.add(tensor_of(found.points));
    ++figures.frames;
    if (identity == nullptr) continue;
    const double cosine = (embedding(*identity, square, found.landmarks) * resting).sum().item<double>();
    sum += cosine;
    worst = std::min(worst, cosine);
  }
  figures.mouth = correlation(driving.mouth, driven.mouth, kLeastOpening);
  figures.lids = correlation(driving.lids, driven.lids, kLeastOpening);
  figures.gaze = correlation(driving.gaze, driven.gaze, kLeastGaze);
  figures.yaw = correlation(driving.yaw, driven.yaw, kLeastAngle_deg);
  figures.pitch = correlation(driving.pitch, driven.pitch, kLeastAngle_deg);
  if (identity != nullptr && figures.frames > 0) {
    figures.identity = sum / static_cast<double>(figures.frames);
    figures.worst_identity = worst;
  }
  return figures;
}

SelfDrivenFigures measure_self_driven(const toon::DrivingMotion& motion, nets::MotionModel& model,
                                      const tracking::FaceModels& face_models) {
  const at::NoGradGuard no_grad;
  const tracking::MeshPredictor& mesh = *face_models.mesh.get();
  SelfDrivenFigures figures;
  figures.clip = motion.driving.info.path.filename().string();
  media::VideoReader reader(motion.driving.info.path, {.square_pixels = true});
  std::optional<nets::EncodedSource> source;
  at::Tensor first, first_mesh;
  media::Frame frame;
  for (size_t i = 0; i < motion.key_points.size() && reader.read(frame); ++i) {
    throw_if_interrupted();
    const toon::DrivingFrame& seen = motion.driving.frames[i];
    if (seen.mesh.empty() || seen.shot != 0) continue;
    const at::Tensor truth = toon::motion_tensor(
        face::warp_crop(toon::picture_of(frame), face::align_square(seen.square, toon::kMotionSize_px)));
    const at::Tensor true_mesh = motion.key_points[i].mesh;
    if (!source) {
      source = model->encode_source(truth, true_mesh);
      first = truth;
      first_mesh = true_mesh;
      continue;
    }
    const at::Tensor moved = model->render(*source, motion.key_points[i]);
    const tracking::MeshFace found = face_in(toon::motion_picture(moved), true_mesh[0], mesh);
    const at::Tensor found_mesh = toon::mesh_in_square(
        found.points, {{0.5 * (toon::kMotionSize_px - 1), 0.5 * (toon::kMotionSize_px - 1)},
                       {0.5 * toon::kMotionSize_px, 0}});
    const double eyes = nets::eye_distances(true_mesh).item<double>();
    const auto apart = [&](const at::Tensor& points) {
      return (points - true_mesh).slice(2, 0, 2).norm(2, -1).mean().item<double>() / eyes;
    };
    figures.l1 += (moved - truth).abs().mean().item<double>();
    figures.l1_still += (first - truth).abs().mean().item<double>();
    figures.mesh += apart(found_mesh);
    figures.mesh_still += apart(first_mesh);
    ++figures.frames;
  }
  for (double* figure : {&figures.l1, &figures.l1_still, &figures.mesh, &figures.mesh_still}) {
    *figure /= static_cast<double>(std::max<int64_t>(figures.frames, 1));
  }
  return figures;
}

}  // namespace toonmirror::evaluation
