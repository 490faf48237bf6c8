#include "tracking/face_models.h"

#include "base/model_path.h"

namespace toonmirror::tracking {

FaceModels load_face_models() {
  const std::filesystem::path mesh = find_model("mesh", ".safetensors");
  return {face::load_landmark_predictor(),
          std::async(std::launch::async, [mesh]() -> std::shared_ptr<const MeshPredictor> {
            return std::make_shared<const MeshPredictor>(mesh);
          }).share()};
}

}  // namespace toonmirror::tracking
