#include "training/mesh_pack.h"

#include "base/error.h"
#include "base/model_keys.h"
#include "nets/face_mesh_points.h"

namespace toonmirror::training {

MeshPack::MeshPack(const std::filesystem::path& path) : file_(path) {
  if (file_.required_metadata(kKindKey) != kMeshesKind) {
    throw Error(path.string() + ": is not a pack of face meshes", "'toonmirror train mesh' makes one");
  }
  pictures_ = file_.tensor("pictures").contiguous();
  points_ = file_.tensor("points");
  landmarks_ = file_.tensor("landmarks");
  const at::Tensor face = file_.tensor("face"), held_out = file_.tensor("held_out");
  const int64_t count = pictures_.size(0);
  const auto is = [](const at::Tensor& tensor, at::ScalarType type, const std::vector<int64_t>& shape) {
    return tensor.scalar_type() == type && tensor.sizes() == shape;
  };
  if (!is(pictures_, at::kByte, {count, kMeshPicture_px, kMeshPicture_px, 3}) ||
      !is(points_, at::kFloat, {count, nets::kMeshPoints, 3}) ||
      !is(landmarks_, at::kFloat, {count, 68, 2}) || !is(face, at::kByte, {count}) ||
      !is(held_out, at::kByte, {count})) {
    throw Error(path.string() + ": its tensors do not make meshes of pictures of 256 px");
  }
  const auto has_face = face.accessor<uint8_t, 1>(), kept = held_out.accessor<uint8_t, 1>();
  for (int64_t row = 0; row < count; ++row) {
    if (has_face[row] != 0) {
      (kept[row] != 0 ? held_out_rows_ : training_rows_).push_back(row);
    } else if (kept[row] == 0) {
      faceless_rows_.push_back(row);
    }
  }
  if (training_rows_.empty()) throw Error(path.string() + ": holds no face to train on");
}

const uint8_t* MeshPack::picture(int64_t row) const {
  return pictures_.data_ptr<uint8_t>() + row * kMeshPicture_px * kMeshPicture_px * 3;
}

}  // namespace toonmirror::training
