#include "toon/avatar.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/file_kind.h"
#include "face/landmarks.h"
#include "nets/model_file.h"
#include "nets/mouth_prior.h"
#include "toon/avatar_pack.h"
#include "tracking/face_search.h"

namespace toonmirror::toon {
namespace {

constexpr const char* kKind = "avatar";
constexpr const char* kMotionKey = "motion";

// Tells motion models apart: features of one mean nothing to another.
std::string fingerprint(const nets::MotionModel& model) {
  double sum = 0;
  int64_t index = 1;
  for (const auto& [name, tensor] : nets::named_tensors(*model)) {
    if (tensor.is_floating_point())
      sum += tensor.to(at::kDouble).sum().item<double>() * static_cast<double>(index++);
  }
  return std::to_string(sum);
}

void encode(Avatar& avatar, nets::MotionModel& model) {
  const at::NoGradGuard no_grad;
  avatar.source = model->encode_source(motion_tensor(face::warp_crop(avatar.picture, avatar.alignment())),
                                       mesh_in_square(avatar.mesh, avatar.square));
}

// [478, 3] ↔ points.
at::Tensor tensor_of(const std::vector<cv::Point3d>& mesh) {
  at::Tensor result = at::empty({static_cast<int64_t>(mesh.size()), 3}, at::kDouble);
  std::copy_n(mesh.data(), mesh.size(), reinterpret_cast<cv::Point3d*>(result.data_ptr<double>()));
  return result;
}

std::vector<cv::Point3d> points_of(const at::Tensor& mesh) {
  const auto* points = reinterpret_cast<const cv::Point3d*>(mesh.data_ptr<double>());
  return {points, points + mesh.size(0)};
}

// Of the drawn picture: a style may have moved it away from the photo's.
std::vector<cv::Point3d> mesh_of(const Avatar& avatar, const tracking::FaceModels& face_models) {
  const tracking::MeshPredictor& mesh = *face_models.mesh.get();
  const tracking::MeshFace first = mesh.predict(avatar.picture, face::ffhq_square(avatar.landmarks));
  return mesh.predict(avatar.picture, first.square).points;
}

at::Tensor row(const std::vector<double>& numbers) { return at::tensor(numbers, at::kDouble); }

}  // namespace

at::Tensor motion_tensor(const cv::Mat& rgb) {
  const cv::Mat whole = rgb.isContinuous() ? rgb : rgb.clone();
  const at::Tensor bytes = at::from_blob(whole.data, {1, whole.rows, whole.cols, 3}, at::kByte);
  return bytes.permute({0, 3, 1, 2}).to(at::kFloat).div_(255.0);
}

cv::Mat motion_picture(const at::Tensor& picture) {
  const at::Tensor bytes =
      (picture[0] * 255.0).clamp_(0.0, 255.0).round_().to(at::kByte).permute({1, 2, 0}).contiguous();
  cv::Mat result(static_cast<int>(bytes.size(0)), static_cast<int>(bytes.size(1)), CV_8UC3);
  std::copy_n(bytes.data_ptr<uint8_t>(), result.total() * result.elemSize(), result.data);
  return result;
}

at::Tensor mesh_in_square(const std::vector<cv::Point3d>& mesh, const face::FaceSquare& square) {
  if (mesh.empty()) return {};
  const double scale = kMotionSize_px / (kMotionSize_px - 1.0) / square.right.x;
  const at::Tensor middle = at::tensor({square.centre.x, square.centre.y, 0.0}, at::kDouble);
  return ((tensor_of(mesh) - middle) * scale).to(at::kFloat).unsqueeze(0);
}

cv::Rect2d landmark_box(const face::Landmarks& landmarks) {
  const auto [left, right] = std::ranges::minmax(landmarks, {}, &cv::Point2d::x);
  const auto [top, bottom] = std::ranges::minmax(landmarks, {}, &cv::Point2d::y);
  return {left.x, top.y, right.x - left.x, bottom.y - top.y};
}

face::FaceSquare motion_square(cv::Rect2d box) {
  // Landmarks end at the brows; the forehead is about a fifth of what lies below.
  constexpr double kForehead = 0.22, kSideOfFace = 1.5;
  box.y -= kForehead * box.height;
  box.height *= 1 + kForehead;
  const double side = kSideOfFace * std::max(box.width, box.height);
  return {{box.x + 0.5 * box.width, box.y + 0.5 * box.height}, {side / 2, 0}};
}

face::FaceSquare motion_square(const face::Landmarks& landmarks) {
  return motion_square(landmark_box(landmarks));
}

Avatar make_avatar(const cv::Mat& photo, const std::string& name, const Toonifier* toonifier,
                   nets::MotionModel& model, const tracking::FaceModels& face_models, DrawWith draw) {
  const std::vector<face::Face> faces = tracking::require_faces(face_models, photo, name);
  Avatar avatar;
  avatar.name = name;
  avatar.picture = photo.clone();
  avatar.landmarks = faces.front().landmarks;
  avatar.square = motion_square(avatar.landmarks);
  if (toonifier != nullptr) {
    StageTimer timer;
    avatar.style = toonifier->style().name;
    draw_still(avatar.picture, {faces.front()}, *toonifier, draw, {PasteMode::kHead, 0, SceneChoice::kKeep},
               timer);
  }
  avatar.mesh = mesh_of(avatar, face_models);
  encode(avatar, model);
  return avatar;
}

void write_avatar(const std::filesystem::path& path, const Avatar& avatar, const nets::MotionModel& model) {
  std::vector<double> points;
  for (const cv::Point2d& point : avatar.landmarks) points.insert(points.end(), {point.x, point.y});
  const cv::Mat& picture = avatar.picture;
  const cv::Mat whole = picture.isContinuous() ? picture : picture.clone();
  checkpoint::NamedTensors tensors = {
      {"picture", at::from_blob(whole.data, {whole.rows, whole.cols, 3}, at::kByte)},
      {"landmarks", row(points)},
      {"square",
       row({avatar.square.centre.x, avatar.square.centre.y, avatar.square.right.x, avatar.square.right.y})},
      {"motion.small", avatar.source.small},
      {"motion.features", avatar.source.features},
      {"motion.value", avatar.source.key_points.value}};
  if (avatar.source.key_points.jacobian.defined())
    tensors["motion.jacobian"] = avatar.source.key_points.jacobian;
  if (!avatar.mesh.empty()) tensors["mesh"] = tensor_of(avatar.mesh);
  for (size_t i = 0; i < avatar.source.skips.size(); ++i) {
    tensors["motion.skips." + std::to_string(i)] = avatar.source.skips[i];
  }
  for (auto& [name, tensor] : tensors) tensor = tensor.contiguous();
  checkpoint::write_safetensors(
      path, tensors,
      {{kKindKey, kKind}, {"name", avatar.name}, {"style", avatar.style}, {kMotionKey, fingerprint(model)}});
}

bool is_avatar_pack(const std::filesystem::path& path) {
  try {
    const checkpoint::SafetensorsFile file(path);
    const auto kind = file.metadata().find(kKindKey);
    return kind != file.metadata().end() && kind->second == kKind;
  } catch (const Error&) {
    return false;
  }
}

Avatar read_avatar(const std::filesystem::path& path, nets::MotionModel& model,
                   const tracking::FaceModels& face_models) {
  const checkpoint::SafetensorsFile file(path);
  if (file.required_metadata(kKindKey) != kKind) {
    throw Error(path.string() + ": is not an avatar pack", "'toonmirror avatar create PHOTO' makes one");
  }
  check_avatar_picture(file);
  const at::Tensor picture = file.tensor("picture"), landmarks = file.tensor("landmarks"),
                   square = file.tensor("square");
  Avatar avatar;
  avatar.name = path.filename().string();
  avatar.picture = cv::Mat(static_cast<int>(picture.size(0)), static_cast<int>(picture.size(1)), CV_8UC3);
  std::copy_n(picture.contiguous().data_ptr<uint8_t>(), picture.numel(), avatar.picture.data);
  const auto* point = landmarks.data_ptr<double>();
  for (cv::Point2d& landmark : avatar.landmarks) {
    landmark = {point[0], point[1]};
    point += 2;
  }
  const auto* numbers = square.data_ptr<double>();
  avatar.square = {{numbers[0], numbers[1]}, {numbers[2], numbers[3]}};
  if (const auto style = file.metadata().find("style"); style != file.metadata().end())
    avatar.style = style->second;
  if (file.contains("mesh")) {
    avatar.mesh = points_of(file.tensor("mesh"));
  } else if (model->options().mesh_kp > 0) {
    avatar.mesh = mesh_of(avatar, face_models);
  }
  const auto motion = file.metadata().find(kMotionKey);
  if (motion == file.metadata().end() || motion->second != fingerprint(model)) {
    encode(avatar, model);
    return avatar;
  }
  check_avatar_motion(file, model->options(), kMotionSize_px);
  avatar.source.picture = motion_tensor(face::warp_crop(avatar.picture, avatar.alignment()));
  avatar.source.small = file.tensor("motion.small");
  avatar.source.features = file.tensor("motion.features");
  avatar.source.key_points.value = file.tensor("motion.value");
  if (model->options().mesh_kp > 0) {
    avatar.source.key_points.mesh = mesh_in_square(avatar.mesh, avatar.square);
    avatar.source.mouth = nets::mouth_colours(avatar.source.picture, avatar.source.key_points.mesh);
  }
  if (file.contains("motion.jacobian")) avatar.source.key_points.jacobian = file.tensor("motion.jacobian");
  for (size_t i = 0; file.contains("motion.skips." + std::to_string(i)); ++i) {
    avatar.source.skips.push_back(file.tensor("motion.skips." + std::to_string(i)));
  }
  return avatar;
}

}  // namespace toonmirror::toon
