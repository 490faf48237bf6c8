#include "datasets/draw_pairs.h"

#include <spdlog/spdlog.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/machine.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/usage_error.h"
#include "datasets/mesh_finder.h"
#include "media/still.h"
#include "teachers/pair_builder.h"
#include "teachers/teacher.h"
#include "toon/draw_faces.h"
#include "toon/pictures.h"

namespace toonmirror::datasets {
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
    cv::Mat sheet;
    cv::hconcat(columns_, sheet);
    media::write_still(path, toon::still_of(sheet));
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
  size_t used = 0;
  std::mutex mutex;
  const int threads = options.threads > 0 ? options.threads : usable_cores();
  for_each_index(source.count, toon::drawing_workers(threads), [&] {
    return [&, read = source.new_reader()](size_t i) {
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
    };
  });
  checkpoint::Metadata notes = {{"teacher", options.teacher}, {"licence", options.licence}};
  if (teacher.geometry) notes["geometry"] = to_json(*teacher.geometry);
  std::move(builder).write(options.output, notes);
  if (!options.sheet.empty()) sheet.write(options.sheet);
  spdlog::info("wrote {} pairs of {} photos to {}", used, source.count, options.output.string());
}

}  // namespace toonmirror::datasets
