#include "datasets/pack_photos.h"

#include <map>
#include <nlohmann/json.hpp>

#include "datasets/photo_index.h"
#include "toon/pictures.h"
#include "training/pair_pack.h"

namespace toonmirror::datasets {
namespace {

cv::Mat to_labels(const at::Tensor& labels) {  // [1, H, W] int64
  const at::Tensor bytes = labels[0].to(at::kByte).contiguous();
  return cv::Mat(static_cast<int>(bytes.size(0)), static_cast<int>(bytes.size(1)), CV_8U,
                 bytes.data_ptr<uint8_t>())
      .clone();
}

std::vector<std::string> names_of(const std::filesystem::path& pack, size_t count) {
  const checkpoint::SafetensorsFile file(pack);
  std::vector<std::string> names;
  if (const auto text = file.metadata().find("names"); text != file.metadata().end()) {
    const nlohmann::json json = nlohmann::json::parse(text->second, nullptr, /*allow_exceptions=*/false);
    if (json.is_array()) {
      for (const nlohmann::json& name : json)
        names.push_back(name.is_string() ? name.get<std::string>() : "");
    }
  }
  for (size_t i = names.size(); i < count; ++i) names.push_back("pair " + std::to_string(i));
  return names;
}

}  // namespace

FacePhotos pack_photos(const std::filesystem::path& pack, const std::filesystem::path& index) {
  const auto pairs = std::make_shared<const training::PairPack>(pack);
  FacePhotos result;
  result.count = pairs->training_rows().size() + pairs->held_out_rows().size();
  for (const int64_t row : pairs->held_out_rows()) result.held_out.push_back(static_cast<size_t>(row));
  const auto names = std::make_shared<const std::vector<std::string>>(names_of(pack, result.count));
  std::map<std::string, std::optional<int>> age_by_name;
  if (!index.empty()) {
    for (const IndexedPhoto& photo : read_photo_index(index)) age_by_name[photo.file] = photo.age;
  }
  for (size_t i = 0; i < result.count; ++i) {
    const auto found = age_by_name.find((*names)[i]);
    result.ages.push_back(found == age_by_name.end() ? std::nullopt : found->second);
  }
  result.new_reader = [pairs, names] {
    return [pairs, names](size_t i) {
      const training::Batch batch = pairs->batch({static_cast<int64_t>(i)});
      teachers::TrainingPair pair;
      pair.name = (*names)[i];
      pair.photo = toon::picture_from_tensor(batch.photo);
      pair.labels = to_labels(batch.labels);
      if (!batch.target.is_same(batch.photo)) pair.target = toon::picture_from_tensor(batch.target);
      const auto points = batch.landmarks.accessor<float, 3>();
      for (int k = 0; k < face::kLandmarkCount; ++k) pair.landmarks[k] = {points[0][k][0], points[0][k][1]};
      return pair;
    };
  };
  return result;
}

}  // namespace toonmirror::datasets
