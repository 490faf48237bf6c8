#include "teachers/pair_builder.h"

#include <zlib.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "checkpoint/safetensors.h"

namespace toonmirror::teachers {
namespace {

constexpr int64_t kSize_px = 256;

void copy_picture(const cv::Mat& source, const at::Tensor& target) {
  TORCH_CHECK(source.rows == kSize_px && source.cols == kSize_px && source.depth() == CV_8U,
              "not a 256 px picture");
  const cv::Mat plain = source.isContinuous() ? source : source.clone();
  TORCH_CHECK(plain.total() * plain.elemSize() == target.nbytes(), "picture with another number of channels");
  std::memcpy(target.data_ptr(), plain.data, target.nbytes());
}

}  // namespace

PairBuilder::PairBuilder(int64_t capacity, bool with_targets) : names_(static_cast<size_t>(capacity)) {
  const auto pictures = [capacity] { return at::empty({capacity, kSize_px, kSize_px, 3}, at::kByte); };
  const auto maps = [capacity] { return at::empty({capacity, kSize_px, kSize_px}, at::kByte); };
  photos_ = pictures();
  labels_ = maps();
  landmarks_ = at::zeros({capacity, face::kLandmarkCount, 2});
  held_out_ = at::zeros({capacity}, at::kByte);
  if (with_targets) {
    inputs_ = pictures();
    targets_ = pictures();
    target_labels_ = maps();
  }
}

void PairBuilder::store(int64_t row, const TrainingPair& pair) {
  copy_picture(pair.photo, photos_[row]);
  copy_picture(pair.labels, labels_[row]);
  if (targets_.defined()) {
    copy_picture(pair.input, inputs_[row]);
    copy_picture(pair.target, targets_[row]);
    copy_picture(pair.target_labels, target_labels_[row]);
  }
  auto* point = landmarks_[row].data_ptr<float>();
  for (const cv::Point2d& landmark : pair.landmarks) {
    *point++ = static_cast<float>(landmark.x);
    *point++ = static_cast<float>(landmark.y);
  }
  *held_out_[row].data_ptr<uint8_t>() = pair.held_out ? 1 : 0;
  names_[static_cast<size_t>(row)] = pair.name;
}

void PairBuilder::write(const std::filesystem::path& path, const checkpoint::Metadata& notes) const {
  std::vector<int64_t> rows;
  std::vector<std::string> names;
  for (size_t row = 0; row < names_.size(); ++row) {
    if (names_[row].empty()) continue;
    rows.push_back(static_cast<int64_t>(row));
    names.push_back(names_[row]);
  }
  if (rows.empty()) throw Error(path.string() + ": there is no pair to write");
  const bool complete = rows.size() == names_.size();
  const at::Tensor index = at::tensor(rows, at::kLong);
  const auto stored = [&](const at::Tensor& all) { return complete ? all : all.index_select(0, index); };
  checkpoint::NamedTensors tensors = {{"photos", stored(photos_)},
                                      {"labels", stored(labels_)},
                                      {"landmarks", stored(landmarks_)},
                                      {"held_out", stored(held_out_)}};
  if (targets_.defined()) {
    tensors["inputs"] = stored(inputs_);
    tensors["targets"] = stored(targets_);
    tensors["target_labels"] = stored(target_labels_);
  }
  checkpoint::Metadata metadata = notes;
  metadata["toonmirror.kind"] = "pairs";
  metadata["names"] = nlohmann::json(names).dump();
  checkpoint::write_safetensors(path, tensors, metadata);
}

bool is_held_out(const std::string& key, unsigned percent) {
  const uLong hash = ::crc32(0, reinterpret_cast<const Bytef*>(key.data()), static_cast<uInt>(key.size()));
  return hash % 100 < percent;
}

}  // namespace toonmirror::teachers
