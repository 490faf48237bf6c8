#include <chrono>
#include <system_error>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/range.h"
#include "media/still.h"
#include "toon/convert.h"
#include "toon/draw_faces.h"
#include "toon/pictures.h"
#include "toon/teacher_drawing.h"
#include "tracking/face_search.h"

namespace toonmirror::toon {
namespace {

void check_not_source(const std::filesystem::path& output, const std::filesystem::path& input) {
  std::error_code ignored;
  if (std::filesystem::equivalent(output, input, ignored)) {
    throw Error(output.string() + ": is the source itself", "choose another name for the output");
  }
}

}  // namespace

void ConvertOptions::check() const {
  paste.check();
  check_range("workers", workers, 1, 1024);
  check_range("size", size_px, 0, 4096);
}

ConvertReport convert_still(const std::filesystem::path& input, const std::filesystem::path& output,
                            const Toonifier& toonifier, const tracking::FaceModels& face_models,
                            const ConvertOptions& options) {
  options.check();
  const auto start = std::chrono::steady_clock::now();
  check_not_source(output, input);
  StageTimer timer;
  media::StillImage image;
  {
    const auto timed = timer.measure("decode");
    image = media::read_still(input);
  }
  cv::Mat rgb = picture_of(image);
  std::vector<face::Face> faces;
  {
    const auto timed = timer.measure("face");
    faces = tracking::require_faces(face_models, rgb, input.string());
    if (options.faces == FaceChoice::kLargest) faces.resize(1);
  }
  throw_if_interrupted();
  DrawHooks hooks;
  hooks.largest_px = DrawingSizes(options.size_px).choose(faces);
  draw_still(rgb, faces, toonifier, options.draw, options.paste, timer, hooks);
  ConvertReport report;
  {
    const auto timed = timer.measure("encode");
    if (options.strip_metadata) image.metadata = {};
    report.notices = media::write_still(output, image);
  }
  report.frames = 1;
  report.frames_with_face = 1;
  report.faces = static_cast<int64_t>(faces.size());
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  report.stages = timer.costs();
  report.warnings = image.warnings;
  if (options.draw == DrawWith::kAuto && toonifier.style().stills_by_teacher) {
    report.notices.emplace_back("drawn by the teacher of the style; --draw child draws by its network");
  }
  return report;
}

}  // namespace toonmirror::toon
