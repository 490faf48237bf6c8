#include "face/dlib_models.h"

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/opencv/cv_image.h>

#include <fstream>

#include "base/error.h"

namespace toonmirror::face {

namespace {

using Scanner = dlib::scan_fhog_pyramid<dlib::pyramid_down<6>>;

// dlib offers its detector ready made only, and takes a quarter of a second to unpack it; the number of
// pyramid levels is set by building another from its parts.
dlib::frontal_face_detector with_levels(int max_levels) {
  static const dlib::frontal_face_detector original = dlib::get_frontal_face_detector();
  Scanner scanner;
  scanner.copy_configuration(original.get_scanner());
  scanner.set_max_pyramid_levels(max_levels);
  std::vector<dlib::frontal_face_detector::feature_vector_type> filters;
  for (unsigned long i = 0; i < original.num_detectors(); ++i) {
    filters.push_back(original.get_w(i));
  }
  return {scanner, original.get_overlap_tester(), filters};
}

}  // namespace

struct HogDetector::Impl {
  dlib::frontal_face_detector detector;
};

HogDetector::HogDetector(int max_levels) : impl_(std::make_unique<Impl>(Impl{with_levels(max_levels)})) {}

HogDetector::~HogDetector() = default;

std::vector<Detection> HogDetector::detect(const cv::Mat& grey, double min_score) {
  std::vector<dlib::rect_detection> hits;
  impl_->detector(dlib::cv_image<unsigned char>(grey), hits, min_score);
  std::vector<Detection> detections;
  for (const dlib::rect_detection& hit : hits) {
    const dlib::rectangle& r = hit.rect;
    // dlib's rectangles count whole pixels, their borders included.
    detections.push_back({cv::Rect2f(r.left() - 0.5F, r.top() - 0.5F, r.width(), r.height()),
                          static_cast<float>(hit.detection_confidence)});
  }
  return detections;
}

struct ShapeModel::Impl {
  dlib::shape_predictor predictor;
};

ShapeModel::ShapeModel(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw Error(file.string() + ": cannot be opened");
  }
  const std::string hint = "install the Debian package libdlib-data again, or name another model file";
  auto impl = std::make_unique<Impl>();
  try {
    dlib::deserialize(impl->predictor, stream);
  } catch (const std::exception&) {
    throw Error(file.string() + ": not a dlib landmark model, or damaged", hint);
  }
  if (impl->predictor.num_parts() != kLandmarkCount) {
    throw Error(file.string() + ": a landmark model of " + std::to_string(impl->predictor.num_parts()) +
                    " points, not of 68",
                hint);
  }
  impl_ = std::move(impl);
}

ShapeModel::~ShapeModel() = default;

Landmarks ShapeModel::predict(const cv::Mat& grey, const cv::Rect& box) const {
  const dlib::rectangle rectangle(box.x, box.y, box.x + box.width - 1, box.y + box.height - 1);
  const dlib::full_object_detection shape = impl_->predictor(dlib::cv_image<unsigned char>(grey), rectangle);
  Landmarks landmarks;
  for (int i = 0; i < kLandmarkCount; ++i) {
    landmarks[i] = cv::Point2d(shape.part(i).x(), shape.part(i).y());
  }
  return landmarks;
}

}  // namespace toonmirror::face
