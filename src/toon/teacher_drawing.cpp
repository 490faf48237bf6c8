#include "toon/teacher_drawing.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "nets/face_mesh_points.h"
#include "toon/draw_faces.h"
#include "toon/surroundings.h"

namespace toonmirror::toon {
namespace {

// A picture needs a little more pixels than the place it is turned into has.
constexpr double kMargin = 1.25;
constexpr int kLargest_px = 1024;  // of drawings: the teachers' memory and time grow with their area

int drawing_size(const face::Alignment& alignment) {
  const double side = kMargin * alignment.scale() * alignment.crop_size_px;
  constexpr int kStep = 64;
  return std::clamp(kStep * static_cast<int>(std::ceil(std::min(side, 1e4) / kStep)), teachers::kLeastSize_px,
                    kLargest_px);
}

// Probabilities CV_32FC(11) → the likeliest face::Label at each pixel of a crop of `side_px`, CV_8UC1.
cv::Mat likeliest(const cv::Mat& probabilities, int side_px) {
  cv::Mat fine, labels(side_px, side_px, CV_8U);
  cv::resize(probabilities, fine, labels.size(), 0, 0, cv::INTER_LINEAR);
  for (int y = 0; y < side_px; ++y) {
    const auto* share = fine.ptr<float>(y);
    for (int x = 0; x < side_px; ++x, share += face::kLabelCount) {
      labels.at<uint8_t>(y, x) =
          static_cast<uint8_t>(std::max_element(share, share + face::kLabelCount) - share);
    }
  }
  return labels;
}

// The mesh without irises in pixels of the crop.
std::vector<cv::Point3d> surface_in(const face::Alignment& alignment, const std::vector<cv::Point3d>& mesh) {
  std::vector<cv::Point3d> result;
  for (size_t i = 0; i < std::min<size_t>(mesh.size(), nets::kSurfacePoints); ++i) {
    const cv::Point2d point = face::transform(alignment.crop_from_frame, {mesh[i].x, mesh[i].y});
    result.emplace_back(point.x, point.y, mesh[i].z / alignment.scale());
  }
  return result;
}

}  // namespace

std::optional<teachers::TeacherEntry> teacher_of_stills(const Style& style, DrawWith wanted) {
  if (wanted == DrawWith::kChild || (wanted == DrawWith::kAuto && !style.stills_by_teacher))
    return std::nullopt;
  if (style.teacher.empty()) {
    throw Error("the style " + style.name + " has no teacher that draws", "its network does: --draw child");
  }
  return teachers::find_teacher(style.teacher);
}

cv::Rect draw_faces_by_teacher(cv::Mat& rgb, const std::vector<face::Face>& faces, const Toonifier& toonifier,
                               const teachers::TeacherEntry& teacher, const PasteOptions& paste,
                               StageTimer& timer) {
  std::vector<DrawnFace> drawn;
  for (const face::Face& found : faces) {
    DrawnFace face;
    face.alignment = face::align_square(found.square, toonifier.crop_size_px());
    face.landmarks = found.landmarks;
    teachers::FaceDrawingInput input;
    {
      const auto timed = timer.measure("parser");
      const face::Landmarks in_crop = face::transform(face.alignment.crop_from_frame, found.landmarks);
      const cv::Mat parsing = plausible_parsing(toonifier.parse(face::warp_crop(rgb, face.alignment)),
                                                in_crop, face.alignment.crop_size_px);
      input.labels = likeliest(parsing, teachers::kInputSize_px);
    }
    teachers::Drawing drawing;
    {
      const auto timed = timer.measure("teacher");
      input.picture_px = drawing_size(face.alignment);
      const face::Alignment fine = face::at_size(face.alignment, input.picture_px);
      input.photo = face::warp_crop(rgb, fine);
      input.landmarks = face::transform(fine.crop_from_frame, found.landmarks);
      input.mesh = surface_in(fine, found.mesh);
      drawing = teacher.draw(input);
    }
    face.drawing = drawing.picture;
    face.photo_crop = drawing.input;
    face.reshaped = teacher.geometry.has_value();
    {
      const auto timed = timer.measure("parser");
      face.parsing = toonifier.parse(face.photo_crop);
    }
    if (wants_wide_view(toonifier.style(), paste)) {
      face.wide = wide_view(rgb, found.square, face.drawing.cols, nullptr, toonifier, timer);
    }
    drawn.push_back(std::move(face));
  }
  return put_back(rgb, std::move(drawn), toonifier.style(), paste, timer);
}

cv::Rect draw_still(cv::Mat& rgb, const std::vector<face::Face>& faces, const Toonifier& toonifier,
                    DrawWith wanted, const PasteOptions& paste, StageTimer& timer, const DrawHooks& hooks) {
  const std::optional<teachers::TeacherEntry> teacher = teacher_of_stills(toonifier.style(), wanted);
  return teacher ? draw_faces_by_teacher(rgb, faces, toonifier, *teacher, paste, timer)
                 : draw_faces(rgb, faces, toonifier, paste, timer, hooks);
}

}  // namespace toonmirror::toon
