#include "face/dlib_set.h"

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/opencv/cv_image.h>

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

class DlibHogSearch final : public HogSearch {
 public:
  explicit DlibHogSearch(int max_levels) : detector_(with_levels(max_levels)) {}

  std::vector<Detection> detect(const cv::Mat& grey, double min_score) override {
    std::vector<dlib::rect_detection> hits;
    detector_(dlib::cv_image<unsigned char>(grey), hits, min_score);
    std::vector<Detection> detections;
    for (const dlib::rect_detection& hit : hits) {
      const dlib::rectangle& r = hit.rect;
      // dlib's rectangles count whole pixels, their borders included.
      detections.push_back({cv::Rect2f(r.left() - 0.5F, r.top() - 0.5F, r.width(), r.height()),
                            static_cast<float>(hit.detection_confidence)});
    }
    return detections;
  }

 private:
  dlib::frontal_face_detector detector_;
};

class DlibShapeTrees final : public ShapeTrees {
 public:
  explicit DlibShapeTrees(std::istream& stream) { dlib::deserialize(predictor_, stream); }

  int point_count() const override { return static_cast<int>(predictor_.num_parts()); }

  Landmarks predict(const cv::Mat& grey, const cv::Rect& box) const override {
    const dlib::rectangle rectangle(box.x, box.y, box.x + box.width - 1, box.y + box.height - 1);
    const dlib::full_object_detection shape = predictor_(dlib::cv_image<unsigned char>(grey), rectangle);
    Landmarks landmarks;
    for (int i = 0; i < kLandmarkCount; ++i) {
      landmarks[i] = cv::Point2d(shape.part(i).x(), shape.part(i).y());
    }
    return landmarks;
  }

 private:
  dlib::shape_predictor predictor_;
};

std::unique_ptr<HogSearch> make_hog_search(int max_levels) {
  return std::make_unique<DlibHogSearch>(max_levels);
}

std::unique_ptr<ShapeTrees> read_shape_trees(std::istream& stream) {
  return std::make_unique<DlibShapeTrees>(stream);
}

// constexpr, because what a static initialiser does would run on every processor.
constexpr DlibSet kSet = {make_hog_search, read_shape_trees};

}  // namespace

}  // namespace toonmirror::face

const toonmirror::face::DlibSet* TOONMIRROR_DLIB_FACTORY() { return &toonmirror::face::kSet; }
