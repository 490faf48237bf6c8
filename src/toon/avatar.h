// A picture that can be moved: what a motion model needs of it, worked out once.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "face/alignment.h"
#include "face/face.h"
#include "face/landmarks.h"
#include "nets/first_order_motion.h"
#include "toon/teacher_drawing.h"
#include "toon/toonifier.h"
#include "tracking/face_models.h"
#include "tracking/presence.h"

namespace toonmirror::toon {

// Motion models read and draw squares of that side.
inline constexpr int kMotionSize_px = 256;

// The upright square around a face as motion models were trained on it: 1.5 times the larger side of the box
// around the landmarks, which is extended for the forehead.
face::FaceSquare motion_square(const face::Landmarks& landmarks);
// The same around all faces whose landmarks lie in that box.
face::FaceSquare motion_square(cv::Rect2d box);

// A mesh in pixels (face::Face::mesh) as motion models take it, [1, 478, 3]: x and y from -1 to 1 between the centres of
// the first and the last pixel of the upright square at kMotionSize_px, z in the same unit. Undefined for none.
at::Tensor mesh_in_square(const std::vector<cv::Point3d>& mesh, const face::FaceSquare& square);

// Whether there are any: of a mesh, or of a network.
inline bool has_face(const nets::KeyPoints& key_points) {
  return key_points.value.defined() || key_points.mesh.defined();
}

// The smallest box that holds all landmarks.
cv::Rect2d landmark_box(const face::Landmarks& landmarks);

// Of a face that drives an avatar: after a moment the avatar comes to rest.
inline constexpr tracking::PresenceTimes kDrivingPresence = {
    .hold_s = 0.4, .ease_out_s = 0.8, .ease_in_s = 0.3};

struct Avatar {
  std::string name;
  cv::Mat picture;                // CV_8UC3 RGB, all of it, already drawn
  face::Landmarks landmarks;      // in the picture
  std::vector<cv::Point3d> mesh;  // in the picture
  face::FaceSquare square;        // what is moved
  std::string style;              // it was drawn in; empty: none
  nets::EncodedSource source;

  face::Alignment alignment() const { return face::align_square(square, kMotionSize_px); }
};

// The largest face of the photo (CV_8UC3 RGB), drawn by `toonifier` first unless that is null, or by its
// style's teacher (toon/teacher_drawing.h). `name` is said in messages. Throws Error where no face is found,
// or the motion model takes no squares of 256 px.
Avatar make_avatar(const cv::Mat& photo, const std::string& name, const Toonifier* toonifier,
                   nets::MotionModel& model, const tracking::FaceModels& face_models,
                   DrawWith draw = DrawWith::kChild);

// An avatar pack: a .safetensors of kind "avatar" with picture, landmarks, square and motion
// features. Throws Error where it cannot be written.
void write_avatar(const std::filesystem::path& path, const Avatar& avatar, const nets::MotionModel& model);

// Features of another motion model than `model` are worked out again, and the mesh of a pack that has none, by
// `face_models`. Throws Error where the file is no avatar pack or its parts contradict each other.
Avatar read_avatar(const std::filesystem::path& path, nets::MotionModel& model,
                   const tracking::FaceModels& face_models);

// Whether the file begins like one; false for what cannot be read.
bool is_avatar_pack(const std::filesystem::path& path);

// CV_8UC3 RGB → [1, 3, H, W] in [0, 1], and back (clamped).
at::Tensor motion_tensor(const cv::Mat& rgb);
cv::Mat motion_picture(const at::Tensor& picture);

}  // namespace toonmirror::toon
