#include "datasets/face_photos.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "base/model_path.h"
#include "base/usage_error.h"
#include "datasets/photo_index.h"
#include "face/alignment.h"
#include "face/landmarks.h"
#include "media/still.h"
#include "nets/model_file.h"
#include "teachers/drawing.h"
#include "toon/pictures.h"

namespace toonmirror::datasets {
namespace {

namespace fs = std::filesystem;

constexpr int kSize_px = 256;
constexpr double kMaxLandmarkError = 0.06;  // share of the crop; beyond it the points do not fit the face

cv::Mat to_mat(const media::StillImage& image) { return toon::picture_of(image); }

// The house parser: classes of a 256 px crop.
class Parser {
 public:
  explicit Parser(const std::string& name)
      : network_(nets::load_face_parser(checkpoint::CheckpointFile(find_model(name, ".safetensors")))) {
    network_->prepare(at::kFloat);
  }
  cv::Mat labels(const cv::Mat& crop) {
    const at::NoGradGuard no_grad;
    const at::Tensor logits = network_->forward(toon::tensor_from_picture(crop));
    const at::Tensor classes = at::upsample_bilinear2d(logits, {kSize_px, kSize_px}, /*align_corners=*/false)
                                   .argmax(1)
                                   .to(at::kByte);
    cv::Mat result(kSize_px, kSize_px, CV_8U);
    std::copy_n(classes.contiguous().data_ptr<uint8_t>(), result.total(), result.data);
    return result;
  }

 private:
  nets::FaceParser network_;
};

// Finds, aligns and parses the face of any photo.
class PhotoReader {
 public:
  explicit PhotoReader(const FacePhotoOptions& options)
      : keep_faceless_(options.keep_faceless),
        parser_(options.parser),
        predictor_(face::load_landmark_predictor()) {}

  teachers::TrainingPair read(const fs::path& path) {
    const cv::Mat photo = to_mat(media::read_still(path));
    const std::vector<face::Face> faces = face::find_faces(detector_, *predictor_.get(), photo);
    if (faces.empty() && !keep_faceless_) throw Error(path.string() + ": no face found");
    teachers::TrainingPair pair;
    pair.name = path.filename().string();
    if (faces.empty()) {
      const int side = std::min(photo.rows, photo.cols);
      const cv::Rect middle((photo.cols - side) / 2, (photo.rows - side) / 2, side, side);
      cv::resize(photo(middle), pair.photo, {kSize_px, kSize_px}, 0, 0, cv::INTER_AREA);
    } else {
      const face::Alignment alignment = face::align_ffhq(faces.front().landmarks, kSize_px);
      pair.photo = face::warp_crop(photo, alignment);
      pair.landmarks = face::transform(alignment.crop_from_frame, faces.front().landmarks);
    }
    pair.held_out = teachers::is_held_out(pair.name);
    pair.labels = parser_.labels(pair.photo);
    return pair;
  }

 private:
  bool keep_faceless_;
  Parser parser_;
  face::Detector detector_;
  face::SharedLandmarkPredictor predictor_;
};

// A crop of an indexed folder, with its labels from `labels` (CelebAMask-HQ numbers with 19 for the iris).
teachers::TrainingPair read_indexed(const FacePhotoOptions& options, const IndexedPhoto& photo) {
  teachers::TrainingPair pair;
  pair.name = photo.file;
  pair.held_out = teachers::is_held_out(photo.key);
  pair.landmarks = photo.landmarks;
  pair.photo = to_mat(media::read_still(options.photos / photo.file));
  cv::Mat labels;
  const fs::path label_file = options.labels / fs::path(photo.file).replace_extension(".png");
  cv::extractChannel(to_mat(media::read_still(label_file)), labels, 0);
  if (pair.photo.size() != cv::Size(kSize_px, kSize_px) || labels.size() != pair.photo.size()) {
    throw Error(photo.file + ": photo and labels are not crops of 256 px");
  }
  pair.labels = teachers::labels11_from_celeba20(labels);
  return pair;
}

// At most `limit` of the items (0: all), evenly spread over them.
template <typename T>
void thin_out(std::vector<T>& items, int64_t limit) {
  const auto wanted = static_cast<size_t>(limit);
  if (limit <= 0 || items.size() <= wanted) return;
  for (size_t i = 0; i < wanted; ++i) items[i] = items[i * items.size() / wanted];
  items.resize(wanted);
}

}  // namespace

FacePhotos find_face_photos(const FacePhotoOptions& options) {
  if (!fs::is_directory(options.photos)) throw Error(options.photos.string() + ": is not a folder");
  if (options.index.empty() != options.labels.empty()) {
    throw UsageError("--index and --labels belong together");
  }
  if (!options.index.empty()) {
    auto photos = std::make_shared<std::vector<IndexedPhoto>>();
    for (IndexedPhoto& photo : read_photo_index(options.index)) {
      if (photo.landmark_error < kMaxLandmarkError) photos->push_back(std::move(photo));
    }
    thin_out(*photos, options.limit);
    if (photos->empty()) throw Error(options.index.string() + ": names no photo that can be used");
    FacePhotos result;
    result.count = photos->size();
    result.new_reader = [photos, options] {
      return [photos, options](size_t i) { return read_indexed(options, (*photos)[i]); };
    };
    for (size_t i = 0; i < photos->size(); ++i) {
      if (teachers::is_held_out((*photos)[i].key)) result.held_out.push_back(i);
      result.ages.push_back((*photos)[i].age);
    }
    return result;
  }
  auto files = std::make_shared<std::vector<fs::path>>();
  for (const fs::directory_entry& entry : fs::directory_iterator(options.photos)) {
    if (entry.is_regular_file()) files->push_back(entry.path());
  }
  std::sort(files->begin(), files->end());
  thin_out(*files, options.limit);
  if (files->empty()) throw Error(options.photos.string() + ": holds no photo");
  FacePhotos result;
  result.count = files->size();
  result.new_reader = [files, options] {
    auto reader = std::make_shared<PhotoReader>(options);
    return [files, reader](size_t i) { return reader->read((*files)[i]); };
  };
  result.ages.resize(files->size());
  return result;
}

}  // namespace toonmirror::datasets
