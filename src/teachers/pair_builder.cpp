#include "teachers/pair_builder.h"

#include <zlib.h>

#include <cstddef>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/model_keys.h"
#include "checkpoint/safetensors.h"

namespace toonmirror::teachers {
namespace {

constexpr int64_t kSize_px = 256;

void copy_picture(const cv::Mat& source, const at::Tensor& target) {
  TORCH_CHECK(source.rows == target.size(0) && source.cols == target.size(1) && source.depth() == CV_8U,
              "picture of another size");
  const cv::Mat plain = source.isContinuous() ? source : source.clone();
  TORCH_CHECK(plain.total() * plain.elemSize() == target.nbytes(), "picture with another number of channels");
  std::memcpy(target.data_ptr(), plain.data, target.nbytes());
}

// The chosen rows (ascending) of `all`, moved to its beginning: a copy would take as much memory again.
at::Tensor moved_up(const at::Tensor& all, const std::vector<int64_t>& rows) {
  const size_t bytes = all.nbytes() / static_cast<size_t>(all.size(0));
  auto* first = static_cast<std::byte*>(all.data_ptr());
  for (size_t i = 0; i < rows.size(); ++i) {
    std::memmove(first + i * bytes, first + static_cast<size_t>(rows[i]) * bytes, bytes);
  }
  return all.narrow(0, 0, static_cast<int64_t>(rows.size()));
}

}  // namespace

PairBuilder::PairBuilder(int64_t capacity, int64_t target_px) : names_(static_cast<size_t>(capacity)) {
  const auto pictures = [capacity](int64_t side) { return at::empty({capacity, side, side, 3}, at::kByte); };
  const auto maps = [capacity] { return at::empty({capacity, kSize_px, kSize_px}, at::kByte); };
  photos_ = pictures(kSize_px);
  labels_ = maps();
  landmarks_ = at::zeros({capacity, face::kLandmarkCount, 2});
  held_out_ = at::zeros({capacity}, at::kByte);
  if (target_px > 0) {
    inputs_ = pictures(kSize_px);
    targets_ = pictures(target_px);
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

void PairBuilder::write(const std::filesystem::path& path, const checkpoint::Metadata& notes) && {
  std::vector<int64_t> rows;
  std::vector<std::string> names;
  for (size_t row = 0; row < names_.size(); ++row) {
    if (names_[row].empty()) continue;
    rows.push_back(static_cast<int64_t>(row));
    names.push_back(names_[row]);
  }
  if (rows.empty()) throw Error(path.string() + ": there is no pair to write");
  const auto stored = [&](const at::Tensor& all) { return moved_up(all, rows); };
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
  metadata[kKindKey] = "pairs";
  metadata["names"] = nlohmann::json(names).dump();
  checkpoint::write_safetensors(path, tensors, metadata);
}

bool is_held_out(const std::string& key, unsigned percent) {
  const uLong hash = ::crc32(0, reinterpret_cast<const Bytef*>(key.data()), static_cast<uInt>(key.size()));
  return hash % 100 < percent;
}

}  // namespace toonmirror::teachers
