#include "tracking/face_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "base/error.h"
#include "face/alignment.h"
#include "face/detector.h"
#include "face/geometry.h"
#include "face/profile_detector.h"
#include "face/warp.h"

namespace toonmirror::tracking {
namespace {

constexpr double kWorthASecondLook = 0.2, kFace = 0.6;  // presence
constexpr float kSameFaceOverlap = 0.3F;
// Of the smaller of two boxes: one within the other are a face and what was taken for a larger one around it, such as
// a collar and the back of a chair.
constexpr float kWithin = 0.6F;
// A second look that ends elsewhere saw another face, or none.
constexpr float kStillThere = 0.25F;
constexpr face::DetectorOptions kQuick{.min_face_px = 80, .max_search_px = 260'000, .min_score = 0};
constexpr face::DetectorOptions kThorough{.min_face_px = 40, .max_search_px = 2'100'000, .min_score = 0};
// Quarter turns of the picture, clockwise.
constexpr std::array kTurns = {1, 3, 2};

// The square of the mesh by the detector's box, whose face is turned by `roll`: it reaches from the brows to
// the chin, the mesh to the hair.
face::FaceSquare square_around(const cv::Rect2f& box, double roll) {
  constexpr double kHalfSide = 0.95, kRise = 0.12;  // of the box
  const cv::Point2d right(std::cos(roll), std::sin(roll)), up(right.y, -right.x);
  return {face::centre_of(box) + kRise * box.width * up, kHalfSide * box.width * right};
}

// A picture turned by quarters, and the way back.
struct TurnedPicture {
  cv::Mat rgb;
  cv::Matx23d back;
  double roll;  // of what is upright in it, in the picture before

  TurnedPicture(const cv::Mat& picture, int quarters) : roll(-quarters * std::numbers::pi / 2) {
    cv::rotate(picture, rgb, quarters - 1);
    const double right = picture.cols - 1, bottom = picture.rows - 1;
    if (quarters == 1) {
      back = {0, 1, 0, -1, 0, bottom};
    } else if (quarters == 2) {
      back = {-1, 0, right, 0, -1, bottom};
    } else {
      back = {0, -1, right, 1, 0, 0};
    }
  }

  cv::Rect2f box_before(const cv::Rect2f& box) const {
    const cv::Point2d centre = face::transform(back, face::centre_of(box));
    return {static_cast<float>(centre.x - box.width / 2), static_cast<float>(centre.y - box.height / 2),
            box.width, box.height};
  }
};

// Faces that were found so far, each once.
class Findings {
 public:
  Findings(const cv::Mat& rgb, const MeshPredictor& mesh, std::vector<cv::Rect2f> known)
      : rgb_(rgb), mesh_(mesh), taken_(std::move(known)) {}

  bool is_taken(const cv::Rect2f& box) const {
    return std::ranges::any_of(taken_, [&](const cv::Rect2f& other) {
      const float shared = (other & box).area(), smaller = std::min(other.area(), box.area());
      return face::overlap(other, box) > kSameFaceOverlap || shared > kWithin * smaller;
    });
  }

  void take(const cv::Rect2f& box) { taken_.push_back(box); }

  // Whether there is a face, as the mesh sees it.
  std::optional<MeshFace> judge(const cv::Rect2f& box, double roll) const {
    const MeshFace first = mesh_.predict(rgb_, square_around(box, roll));
    if (first.presence < kWorthASecondLook) return std::nullopt;
    MeshFace second = mesh_.predict(rgb_, first.square);
    if (second.presence < kFace || face::overlap(box_of(second), box) < kStillThere) return std::nullopt;
    return second;
  }

  void propose(const cv::Rect2f& box, double roll) {
    if (is_taken(box)) return;
    std::optional<MeshFace> face = judge(box, roll);
    if (!face || is_taken(box_of(*face))) return;
    take(box_of(*face));
    faces_.push_back(std::move(*face));
  }

  // Those that lie on their side or stand on their head, by one turn of the picture.
  void propose_turned(face::Detector& detector, int quarters) {
    const TurnedPicture turned(rgb_, quarters);
    for (const face::Detection& detection : detector.detect(turned.rgb)) {
      propose(turned.box_before(detection.box), turned.roll);
    }
  }

  void propose_profiles(face::ProfileDetector& detector) {
    for (const cv::Rect2f& box : detector.detect(rgb_)) propose(box, 0);
  }

  std::vector<MeshFace> largest_first() && {
    std::ranges::sort(faces_, std::greater(), [](const MeshFace& face) { return box_of(face).width; });
    return std::move(faces_);
  }

 private:
  const cv::Mat& rgb_;
  const MeshPredictor& mesh_;
  std::vector<cv::Rect2f> taken_;
  std::vector<MeshFace> faces_;
};

}  // namespace

cv::Rect2f box_of(const MeshFace& face) { return face::box_of(face.landmarks); }

struct FaceSearch::Impl {
  SharedMeshPredictor mesh;
  face::Detector quick{kQuick}, thorough{kThorough};
  face::ProfileDetector profiles{face::find_profile_cascade()};
  size_t searches = 0;
};

FaceSearch::FaceSearch(SharedMeshPredictor mesh) : impl_(std::make_unique<Impl>()) {
  impl_->mesh = std::move(mesh);
}

FaceSearch::~FaceSearch() = default;
FaceSearch::FaceSearch(FaceSearch&&) noexcept = default;
FaceSearch& FaceSearch::operator=(FaceSearch&&) noexcept = default;

std::vector<MeshFace> FaceSearch::find(const cv::Mat& rgb, SearchEffort effort,
                                       const std::vector<cv::Rect2f>& known) {
  face::Detector& detector = effort == SearchEffort::kThorough ? impl_->thorough : impl_->quick;
  Findings findings(rgb, *impl_->mesh.get(), known);
  for (const face::Detection& detection : detector.detect(rgb)) findings.propose(detection.box, 0);
  std::vector<MeshFace> faces = std::move(findings).largest_first();
  if (!faces.empty() || !known.empty()) return faces;
  Findings others(rgb, *impl_->mesh.get(), {});
  if (const size_t turn = impl_->searches++ % (kTurns.size() + 1); turn < kTurns.size()) {
    others.propose_turned(impl_->quick, kTurns[turn]);
  } else {
    others.propose_profiles(impl_->profiles);
  }
  return std::move(others).largest_first();
}

std::vector<face::Face> find_faces(const FaceModels& models, const cv::Mat& rgb) {
  constexpr int kTurnedSearch_px = 1'000'000;
  face::Detector upright, turned({.max_search_px = kTurnedSearch_px});
  Findings findings(rgb, *models.mesh.get(), {});
  std::vector<face::Face> faces;
  for (face::Face& face : face::find_faces(upright, *models.landmarks.get(), rgb)) {
    const std::optional<MeshFace> mesh = findings.judge(face.box, face::roll_of(face.landmarks));
    if (!mesh || findings.is_taken(face.box)) continue;
    findings.take(face.box);
    face.mesh = mesh->points;
    faces.push_back(std::move(face));
  }
  face::ProfileDetector profiles(face::find_profile_cascade(), kTurnedSearch_px);
  findings.propose_profiles(profiles);
  for (const int quarters : kTurns) findings.propose_turned(turned, quarters);
  for (const MeshFace& mesh : std::move(findings).largest_first()) {
    face::Face& face = faces.emplace_back();
    face.box = box_of(mesh);
    face.landmarks = mesh.landmarks;
    face.square = face::ffhq_square(mesh.landmarks);
    face.mesh = mesh.points;
    face.confidence = static_cast<float>(mesh.presence);
  }
  std::ranges::sort(faces, std::greater(), [](const face::Face& face) { return face.box.width; });
  return faces;
}

std::vector<face::Face> require_faces(const FaceModels& models, const cv::Mat& rgb, const std::string& name) {
  std::vector<face::Face> faces = find_faces(models, rgb);
  if (faces.empty()) {
    throw Error(name + ": no face found", "faces are found from the front to the profile, and at least " +
                                              std::to_string(face::DetectorOptions{}.min_face_px) +
                                              " pixels wide");
  }
  return faces;
}

}  // namespace toonmirror::tracking
