#include "cli/draw_pairs.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>
#include <thread>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "cli/exit_code.h"
#include "cli/machine.h"
#include "cli/mesh_finder.h"
#include "media/still.h"
#include "teachers/pair_builder.h"
#include "teachers/teacher.h"
#include "toon/draw_faces.h"

namespace toonmirror::cli {
namespace {

namespace fs = std::filesystem;

std::string to_json(const face::CartoonGeometry& geometry) {
  return nlohmann::json{
      {"eyes", geometry.eye_zoom},    {"nose", geometry.nose_zoom},
      {"mouth", geometry.mouth_zoom}, {"jaw", geometry.jaw_pull},
      {"chin", geometry.chin_lift},   {"eyes_behind_glasses", geometry.eye_zoom_behind_glasses}}
      .dump();
}

// The first held-out pairs, photo above picture.
class Sheet {
 public:
  void add(const teachers::TrainingPair& pair) {
    if (columns_.size() >= kColumns || !pair.held_out) return;
    cv::Mat photo, column;
    cv::resize(pair.photo, photo, pair.target.size(), 0, 0, cv::INTER_CUBIC);
    cv::vconcat(photo, pair.target, column);
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

}  // namespace

void draw_pairs(const DrawPairsOptions& options) {
  const teachers::TeacherEntry teacher = teachers::find_teacher(options.teacher);
  const FacePhotos source = find_face_photos(options.photos);
  const bool draws = !teacher.target_is_photo;
  if (teacher.needs_mesh && options.nets.empty()) {
    throw UsageError("the " + options.teacher +
                     " teacher needs a face mesh: give --nets, the folder with facemesh468.json");
  }
  std::optional<MeshFinder> mesh_finder;
  if (teacher.needs_mesh) mesh_finder.emplace(options.nets);
  teachers::PairBuilder builder(static_cast<int64_t>(source.count), draws ? teachers::kPictureSize_px : 0);
  Sheet sheet;
  Progress progress({.label = options.teacher,
                     .unit = "photos",
                     .rate_unit = "photos/s",
                     .total = static_cast<int64_t>(source.count)});
  std::atomic<size_t> next = 0, used = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      toon::compute_in_this_thread_alone();
      const auto read = source.new_reader();
      for (size_t i = next++; i < source.count && !interrupted(); i = next++) {
        try {
          teachers::TrainingPair pair = read(i);
          teachers::FaceDrawingInput input{pair.photo, pair.landmarks, pair.labels};
          if (mesh_finder) input.mesh = mesh_finder->find(pair.photo, pair.landmarks);
          teachers::Drawing drawing = teacher.draw(input);
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
  const int count = options.threads > 0 ? options.threads : usable_cores();
  for (int t = 0; t < count; ++t) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
  throw_if_interrupted();
  checkpoint::Metadata notes = {{"teacher", options.teacher}, {"licence", options.licence}};
  if (teacher.geometry) notes["geometry"] = to_json(*teacher.geometry);
  std::move(builder).write(options.output, notes);
  if (!options.sheet.empty()) sheet.write(options.sheet);
  spdlog::info("wrote {} pairs of {} photos to {}", used.load(), source.count, options.output.string());
}

}  // namespace toonmirror::cli
