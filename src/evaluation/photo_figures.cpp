#include "evaluation/photo_figures.h"

#include <cmath>
#include <limits>
#include <mutex>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "datasets/mesh_finder.h"
#include "datasets/pack_photos.h"
#include "media/still.h"
#include "nets/house_encoder.h"
#include "teachers/teacher.h"
#include "toon/draw_faces.h"
#include "toon/encode_face.h"
#include "toon/pictures.h"

namespace toonmirror::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr int kTile_px = 160;

// A style's drawing of an aligned crop, in the size that it has.
cv::Mat drawn(const toon::Toonifier& toonifier, const teachers::TrainingPair& pair) {
  const cv::Mat shaped =
      toon::in_shapes_of(toonifier.style(), pair.photo, pair.landmarks,
                         face::glasses_share(pair.labels == static_cast<int>(face::Label::kGlasses)));
  return toonifier.render(toonifier.encode(resized(shaped, toonifier.crop_size_px())));
}

// What the measured style is compared with: pictures of a pack, or of a teacher at work.
class Teaching {
 public:
  explicit Teaching(const PhotoFiguresOptions& options) {
    if (options.teacher.empty()) return;
    teacher_ = teachers::find_teacher(options.teacher);
    if (!teacher_->needs_mesh) return;
    if (options.nets.empty()) {
      throw Error("the " + options.teacher + " teacher needs a face mesh",
                  "give --nets, the folder with facemesh468.json");
    }
    mesh_finder_.emplace(options.nets);
  }

  // Empty where there is none.
  cv::Mat picture(const teachers::TrainingPair& pair) const {
    if (!pair.target.empty() || !teacher_) return pair.target;
    teachers::FaceDrawingInput input = {pair.photo, pair.landmarks, pair.labels};
    if (mesh_finder_) input.mesh = mesh_finder_->find(pair.photo, pair.landmarks);
    return teacher_->draw(input).picture;
  }

 private:
  std::optional<teachers::TeacherEntry> teacher_;
  std::optional<datasets::MeshFinder> mesh_finder_;
};

ParserCounts count_parser(const toon::Toonifier& toonifier, const teachers::TrainingPair& pair) {
  ParserCounts counts = ParserCounts::zeros();
  cv::Mat probabilities;
  cv::resize(toonifier.encode(resized(pair.photo, toonifier.crop_size_px())).parsing, probabilities,
             {kJudgedSize_px, kJudgedSize_px}, 0, 0, cv::INTER_LINEAR);
  for (int y = 0; y < kJudgedSize_px; ++y) {
    const auto* row = probabilities.ptr<float>(y);
    const auto* labels = pair.labels.ptr<uint8_t>(y);
    for (int x = 0; x < kJudgedSize_px; ++x, row += nets::kFaceClassCount) {
      const auto parsed = std::max_element(row, row + nets::kFaceClassCount) - row;
      counts(labels[x], static_cast<int>(parsed)) += 1;
    }
  }
  return counts;
}

datasets::FacePhotos photos_of(const PhotoFiguresOptions& options) {
  return options.pairs.empty() ? datasets::find_face_photos(options.photos)
                               : datasets::pack_photos(options.pairs, options.photos.index);
}

std::vector<size_t> chosen(const datasets::FacePhotos& source, const PhotoFiguresOptions& options) {
  const bool all = (options.photos.index.empty() && options.pairs.empty()) || !options.held_out_only;
  std::vector<size_t> numbers = source.held_out;
  if (all) {
    numbers.resize(source.count);
    for (size_t i = 0; i < source.count; ++i) numbers[i] = i;
  }
  if (numbers.empty()) {
    const fs::path& where = options.pairs.empty() ? options.photos.index : options.pairs;
    throw Error(where.string() + ": none of its photos is held out", "--all takes all of them");
  }
  return numbers;
}

}  // namespace

at::Tensor reference_features(const fs::path& folder, const PhotoJudge& judge) {
  if (!fs::is_directory(folder)) throw Error(folder.string() + ": is not a folder");
  std::vector<at::Tensor> features;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    throw_if_interrupted();
    try {
      if (!entry.is_regular_file()) continue;
      media::StillImage image = media::read_still(entry.path());
      features.push_back(judge.summary(resized(toon::picture_of(image), kJudgedSize_px)));
    } catch (const Error&) {
      continue;  // an index or a licence beside the pictures
    }
  }
  if (features.size() < 2) throw Error(folder.string() + ": holds fewer than two pictures");
  return at::cat(features);
}

std::string age_band(int years) {
  if (years < 10) return "0-9";
  if (years < 20) return "10-19";
  if (years < 40) return "20-39";
  return years < 60 ? "40-59" : "60+";
}

std::string skin_tone(const cv::Mat& rgb, const cv::Mat& labels) {
  constexpr int kLeastPixels = 500;
  const cv::Mat skin = labels == static_cast<int>(nets::FaceClass::kSkin);
  if (cv::countNonZero(skin) < kLeastPixels) return {};
  cv::Mat scaled, lab;
  rgb.convertTo(scaled, CV_32F, 1.0 / 255);
  cv::cvtColor(scaled, lab, cv::COLOR_RGB2Lab);
  const cv::Scalar mean = cv::mean(lab, skin);
  const double angle_deg = std::atan2(mean[0] - 50, mean[2]) * 180 / std::numbers::pi;
  if (angle_deg > 41) return "light";
  if (angle_deg > 28) return "intermediate";
  return angle_deg > 10 ? "tan" : "dark";
}

std::vector<double> intersection_over_union(const ParserCounts& counts) {
  std::vector<double> result;
  for (int i = 0; i < counts.rows; ++i) {
    double either = -counts(i, i);
    for (int j = 0; j < counts.cols; ++j) either += counts(i, j) + counts(j, i);
    result.push_back(either > 0 ? counts(i, i) / either : std::numeric_limits<double>::quiet_NaN());
  }
  return result;
}

PhotoReport measure_photos(const PhotoFiguresOptions& options, const toon::Toonifier& toonifier,
                           const face::SharedLandmarkPredictor& predictor) {
  const PhotoJudge judge(options.nets, predictor);
  if (!options.reference.empty() && !judge.has_networks()) {
    throw Error("--reference needs the judging networks", "name their folder with --nets");
  }
  const Teaching teaching(options);
  const datasets::FacePhotos source = photos_of(options);
  const std::vector<size_t> numbers = chosen(source, options);
  const bool labelled = !options.photos.labels.empty() || !options.pairs.empty();
  PhotoReport report;
  std::vector<std::optional<PhotoFigures>> results(numbers.size());
  std::vector<at::Tensor> features(numbers.size());
  Progress progress(
      {.label = "evaluate", .unit = "photos", .rate_unit = "photos/s", .total = std::ssize(numbers)});
  std::mutex mutex;
  if (labelled) report.parser = ParserCounts::zeros();
  for_each_index(numbers.size(), toon::drawing_workers(options.threads), [&] {
    return [&, read = source.new_reader()](size_t i) {
      const at::NoGradGuard no_grad;
      try {
        const teachers::TrainingPair pair = read(numbers[i]);
        PhotoFigures result;
        result.name = pair.name;
        if (const auto age = source.ages[numbers[i]]) result.groups["age"] = age_band(*age);
        if (std::string tone = skin_tone(pair.photo, pair.labels); !tone.empty())
          result.groups["skin"] = tone;
        const cv::Mat drawing = drawn(toonifier, pair);
        judge.compare(pair, drawing, teaching.picture(pair), result.figures);
        if (judge.has_networks()) features[i] = judge.summary(drawing);
        if (labelled) {
          const ParserCounts counts = count_parser(toonifier, pair);
          const std::lock_guard lock(mutex);
          *report.parser += counts;
        }
        results[i] = std::move(result);
      } catch (const Error& error) {
        const std::lock_guard lock(mutex);
        report.left_out.emplace_back(error.what());
      }
      progress.advance();
    };
  });
  for (std::optional<PhotoFigures>& result : results) {
    if (result) report.photos.push_back(std::move(*result));
  }
  if (report.photos.empty()) throw Error("no photo could be used", report.left_out.front());
  if (!options.reference.empty()) {
    std::erase_if(features, [](const at::Tensor& feature) { return !feature.defined(); });
    if (features.size() < 2) throw Error("--reference needs at least two photos");
    report.kid = training::kernel_distance(at::cat(features), reference_features(options.reference, judge));
  }
  return report;
}

cv::Mat contact_sheet(const PhotoFiguresOptions& options,
                      const std::vector<const toon::Toonifier*>& toonifiers, size_t people) {
  constexpr int kPeopleInARow = 16;
  const datasets::FacePhotos source = photos_of(options);
  std::vector<size_t> numbers = chosen(source, options);
  // Evenly spread, or they would be of one source and one age.
  if (numbers.size() > people) {
    for (size_t i = 0; i < people; ++i) numbers[i] = numbers[i * numbers.size() / people];
    numbers.resize(people);
  }
  const auto read = source.new_reader();
  const int columns = std::min(kPeopleInARow, static_cast<int>(numbers.size()));
  const int bands = (static_cast<int>(numbers.size()) + columns - 1) / columns;
  const int rows = 1 + static_cast<int>(toonifiers.size());
  cv::Mat sheet(bands * rows * kTile_px, columns * kTile_px, CV_8UC3, cv::Scalar::all(255));
  int place = 0;
  for (const size_t number : numbers) {
    throw_if_interrupted();
    try {
      const teachers::TrainingPair pair = read(number);
      for (int row = 0; row < rows; ++row) {
        const cv::Mat picture =
            row == 0 ? pair.photo : drawn(*toonifiers[static_cast<size_t>(row - 1)], pair);
        resized(picture, kTile_px)
            .copyTo(sheet(
                {place % columns * kTile_px, (place / columns * rows + row) * kTile_px, kTile_px, kTile_px}));
      }
      ++place;
    } catch (const Error&) {
      continue;  // said when it was measured
    }
  }
  return sheet;
}

}  // namespace toonmirror::evaluation
