// toonmirror teach STYLE PHOTOS -o PAIRS: draws the pictures that a style is learned from.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <opencv2/imgproc.hpp>
#include <thread>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/model_path.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "cli/machine.h"
#include "cli/photo_index.h"
#include "cli/picture_output.h"
#include "face/alignment.h"
#include "face/landmarks.h"
#include "media/probe.h"
#include "media/still.h"
#include "nets/model_file.h"
#include "teachers/pair_builder.h"
#include "teachers/teacher.h"

namespace toonmirror::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kSize_px = 256;
constexpr double kMaxLandmarkError = 0.06;  // share of the crop; beyond it the points do not fit the face

struct Arguments {
  std::string style;
  fs::path photos;
  fs::path output;
  fs::path index;
  fs::path labels;
  fs::path sheet;
  std::string encoder = "encoder";
  std::string licence = "not stated";
  int64_t limit = 0;
  int threads = 0;
};

cv::Mat to_mat(const media::StillImage& image) {
  return cv::Mat(image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.rgb.data())).clone();
}

// The house parser: classes of a 256 px crop, from the encoder's parsing head.
class Parser {
 public:
  explicit Parser(const std::string& encoder)
      : encoder_(nets::load_house_encoder(checkpoint::CheckpointFile(find_model(encoder, ".safetensors")))) {
    encoder_->prepare(at::kFloat);
  }
  cv::Mat labels(const cv::Mat& crop) {
    const at::NoGradGuard no_grad;
    const at::Tensor bytes = at::from_blob(crop.data, {1, kSize_px, kSize_px, 3}, at::kByte);
    const at::Tensor x = bytes.permute({0, 3, 1, 2}).to(at::kFloat) / 127.5 - 1.0;
    const at::Tensor logits = encoder_->forward(x, /*parse=*/true).parsing;
    const at::Tensor classes = at::upsample_bilinear2d(logits, {kSize_px, kSize_px}, /*align_corners=*/false)
                                   .argmax(1)
                                   .to(at::kByte);
    cv::Mat result(kSize_px, kSize_px, CV_8U);
    std::copy_n(classes.contiguous().data_ptr<uint8_t>(), result.total(), result.data);
    return result;
  }

 private:
  nets::HouseEncoder encoder_;
};

// Finds, aligns and parses the face of any photo.
class PhotoReader {
 public:
  explicit PhotoReader(const std::string& encoder)
      : parser_(encoder), predictor_(face::load_landmark_predictor()) {}

  teachers::TrainingPair read(const fs::path& path) {
    const cv::Mat photo = to_mat(media::read_still(path));
    const std::vector<face::Face> faces = face::find_faces(detector_, *predictor_.get(), photo);
    if (faces.empty()) throw Error(path.string() + ": no face found");
    const face::Alignment alignment = face::align_ffhq(faces.front().landmarks, kSize_px);
    teachers::TrainingPair pair;
    pair.name = path.filename().string();
    pair.held_out = teachers::is_held_out(pair.name);
    pair.photo = face::warp_crop(photo, alignment);
    pair.landmarks = face::transform(alignment.crop_from_frame, faces.front().landmarks);
    pair.labels = parser_.labels(pair.photo);
    return pair;
  }

 private:
  Parser parser_;
  face::Detector detector_;
  face::SharedLandmarkPredictor predictor_;
};

// A crop of an indexed folder, with its labels from `labels` (CelebAMask-HQ numbers with 19 for the iris).
teachers::TrainingPair read_indexed(const Arguments& arguments, const IndexedPhoto& photo) {
  teachers::TrainingPair pair;
  pair.name = photo.file;
  pair.held_out = teachers::is_held_out(photo.key);
  pair.landmarks = photo.landmarks;
  pair.photo = to_mat(media::read_still(arguments.photos / photo.file));
  cv::Mat labels;
  const fs::path label_file = arguments.labels / fs::path(photo.file).replace_extension(".png");
  cv::extractChannel(to_mat(media::read_still(label_file)), labels, 0);
  if (pair.photo.size() != cv::Size(kSize_px, kSize_px) || labels.size() != pair.photo.size()) {
    throw Error(photo.file + ": photo and labels are not crops of 256 px");
  }
  pair.labels = teachers::labels11_from_celeba20(labels);
  return pair;
}

struct Source {
  size_t count = 0;
  // For a thread: reads photo number i. Throws Error for a photo that cannot be used.
  std::function<std::function<teachers::TrainingPair(size_t)>()> new_reader;
};

// At most `limit` of the items (0: all), evenly spread over them.
template <typename T>
void thin_out(std::vector<T>& items, int64_t limit) {
  const auto wanted = static_cast<size_t>(limit);
  if (limit <= 0 || items.size() <= wanted) return;
  for (size_t i = 0; i < wanted; ++i) items[i] = items[i * items.size() / wanted];
  items.resize(wanted);
}

Source source_of(const Arguments& arguments) {
  if (!fs::is_directory(arguments.photos)) throw Error(arguments.photos.string() + ": is not a folder");
  if (arguments.index.empty() != arguments.labels.empty()) {
    throw UsageError("--index and --labels belong together");
  }
  if (!arguments.index.empty()) {
    auto photos = std::make_shared<std::vector<IndexedPhoto>>();
    for (IndexedPhoto& photo : read_photo_index(arguments.index)) {
      if (photo.landmark_error < kMaxLandmarkError) photos->push_back(std::move(photo));
    }
    thin_out(*photos, arguments.limit);
    return {photos->size(), [photos, &arguments] {
              return [photos, &arguments](size_t i) { return read_indexed(arguments, (*photos)[i]); };
            }};
  }
  auto files = std::make_shared<std::vector<fs::path>>();
  for (const fs::directory_entry& entry : fs::directory_iterator(arguments.photos)) {
    if (entry.is_regular_file()) files->push_back(entry.path());
  }
  std::sort(files->begin(), files->end());
  thin_out(*files, arguments.limit);
  return {files->size(), [files, &arguments] {
            auto reader = std::make_shared<PhotoReader>(arguments.encoder);
            return [files, reader](size_t i) { return reader->read((*files)[i]); };
          }};
}

// The first held-out pairs, photo above picture.
class Sheet {
 public:
  void add(const teachers::TrainingPair& pair) {
    if (columns_.size() >= kColumns || !pair.held_out) return;
    cv::Mat column;
    cv::vconcat(pair.photo, pair.target, column);
    columns_.push_back(column);
  }
  void write(const fs::path& path) const {
    if (columns_.empty()) return;
    media::StillImage image;
    cv::Mat sheet;
    cv::hconcat(columns_, sheet);
    image.width = sheet.cols;
    image.height = sheet.rows;
    image.rgb.assign(sheet.data, sheet.data + sheet.total() * sheet.elemSize());
    media::write_still(path, image);
  }

 private:
  static constexpr size_t kColumns = 12;
  std::vector<cv::Mat> columns_;
};

int run(const Arguments& arguments) {
  const teachers::TeacherEntry teacher = teachers::find_teacher(arguments.style);
  const Source source = source_of(arguments);
  if (source.count == 0) throw Error(arguments.photos.string() + ": holds no photo to draw from");
  const bool draws = !teacher.target_is_photo;
  teachers::PairBuilder builder(static_cast<int64_t>(source.count), draws);
  Sheet sheet;
  Progress progress({.label = arguments.style,
                     .unit = "photos",
                     .rate_unit = "photos/s",
                     .total = static_cast<int64_t>(source.count)});
  std::atomic<size_t> next = 0, used = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  cv::setNumThreads(1);
  const auto work = [&] {
    try {
      at::set_num_threads(1);
      const auto read = source.new_reader();
      for (size_t i = next++; i < source.count && !interrupted(); i = next++) {
        try {
          teachers::TrainingPair pair = read(i);
          teachers::Drawing drawing = teacher.draw({pair.photo, pair.landmarks, pair.labels});
          pair.input = drawing.input;
          pair.target = drawing.picture;
          pair.target_labels = drawing.labels;
          builder.store(static_cast<int64_t>(i), pair);
          const std::lock_guard lock(mutex);
          sheet.add(pair);
          ++used;
        } catch (const Error& error) {
          spdlog::warn("left out: {}", error.what());
        }
        progress.advance();
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
      next = source.count;
    }
  };
  std::vector<std::thread> threads;
  const int count = arguments.threads > 0 ? arguments.threads : usable_cores();
  for (int t = 0; t < count; ++t) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
  throw_if_interrupted();
  builder.write(arguments.output, arguments.style, arguments.licence);
  if (!arguments.sheet.empty()) sheet.write(arguments.sheet);
  spdlog::info("wrote {} pairs of {} photos to {}", used.load(), source.count, arguments.output.string());
  return kDone;
}

}  // namespace

void add_teach(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("teach", "Draw training pairs (photo, picture, labels) with a style's teacher");
  auto arguments = std::make_shared<Arguments>();
  std::string styles;
  for (const teachers::TeacherEntry& teacher : teachers::teachers()) {
    styles += "\n  " + teacher.name + ": " + teacher.description;
  }
  styles += "\n  command:PROGRAM: a program that is given a picture to read and one to write";
  command->add_option("STYLE", arguments->style, "The teacher:" + styles)->required();
  command->add_option("PHOTOS", arguments->photos, "Folder of photos; of each the largest face is used")
      ->required();
  command->add_option("-o,--output", arguments->output, "The pack of pairs to write (.safetensors)")
      ->required();
  command->add_option(
      "--index", arguments->index,
      "CSV with columns file and lm68: PHOTOS holds FFHQ-aligned crops of 256 px with known landmarks");
  command->add_option("--labels", arguments->labels,
                      "With --index: folder of face-parsing labels, NAME.png for each photo (CelebAMask-HQ "
                      "numbers, 19 = iris)");
  command->add_option("--encoder", arguments->encoder, "House encoder that parses photos without labels");
  command->add_option("--limit", arguments->limit,
                      "Use only so many photos, evenly spread over the folder (0: all)");
  command->add_option("--sheet", arguments->sheet, "Also write a picture of the first held-out pairs");
  command->add_option("--licence", arguments->licence, "Licence of the photos, for the pack's metadata");
  command->add_option("--threads", arguments->threads, "Photos drawn at a time (0: one per core)");
  add_verbosity_options(*command);
  command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

}  // namespace toonmirror::cli
