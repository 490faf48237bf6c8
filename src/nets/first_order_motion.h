// The First Order Motion Model (Siarohin et al. 2019, "First Order Motion Model for Image Animation"): a
// source picture moves as a driving picture does. Arithmetic as in AliaksandrSiarohin/first-order-model;
// names as its checkpoints have them, so that a state_dict below `kp_detector.` and `generator.` fits:
//   kp_detector.{predictor.…,kp,jacobian,down}                        modules/keypoint_detector.py
//   generator.{first,down_blocks.N,bottleneck.rN,up_blocks.N,final}   modules/generator.py
//   generator.dense_motion_network.{hourglass.…,mask,occlusion,down}  modules/dense_motion.py
// The house's own models have besides: generator.skips.N (1×1), generator.blend (see motion_options.h), and
// generator.mesh.N (what a face mesh says of each level).
//
//   MotionModel model = load_motion_model(tensors, std::nullopt, path);
//   model->prepare();
//   const at::NoGradGuard no_grad;
//   const EncodedSource source = model->encode_source(picture, mesh);            // once
//   const at::Tensor moved = model->render(source, model->detect(frame, mesh));  // every frame
//
// Key points of frames usually pass through nets/driving_motion.h before they are rendered.
#pragma once

#include <torch/torch.h>

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/safetensors.h"
#include "nets/dense_motion.h"
#include "nets/key_points.h"
#include "nets/mesh_field.h"
#include "nets/motion_options.h"

namespace toonmirror::nets {

// Everything that depends on the source alone.
struct EncodedSource {
  at::Tensor picture;             // [N, C, H, W] in [0, 1]
  at::Tensor small;               // [N, C, h, w], what dense motion looks at
  at::Tensor features;            // [N, F, H / 2^num_down_blocks, W / 2^num_down_blocks]
  std::vector<at::Tensor> skips;  // features of the next finer levels, warped_skips of them
  KeyPoints key_points;           // of N pictures
  at::Tensor mouth{};             // mouth_colours(), of models with a mesh
};

// What render computes on the way.
struct MotionMaps {
  DenseMotion dense;
  // [N, h, w, 2], where all of the result comes from: dense.deformation, or with what the mesh says of the face
  // laid over it, then as large as the picture.
  at::Tensor deformation;
  at::Tensor deformed;  // [N, C, H, W], the source picture moved, nothing repainted but a mouth it lacks
  at::Tensor kept;      // [N, 1, H, W], share of `deformed` in the result; undefined: none
};

// The occlusion-aware generator.
class MotionGeneratorImpl : public torch::nn::Module {
 public:
  explicit MotionGeneratorImpl(const MotionModelOptions& options);

  // Fills features and skips from the picture.
  void encode(EncodedSource& source);
  // One source, or as many as there are motions → [N, C, H, W] in (0, 1). `field`: of the picture's size, for
  // models with a mesh. Fills `maps` when given.
  at::Tensor decode(const EncodedSource& source, const DenseMotion& motion, const MeshField* field,
                    bool align_corners, MotionMaps* maps = nullptr);
  DenseMotionNetwork& dense_motion() { return dense_motion_; }
  // The published network resizes deformations by their outer corners although they are meant by the centres
  // of the corner pixels: at another size than that of its training, what stands still is moved a little. The
  // house's does not.
  bool aligned_resize() const { return !blend_.is_empty(); }
  void prepare(at::ScalarType type);

 private:
  // What the moved picture and the mesh tell each level, the picture's own first.
  std::vector<at::Tensor> mesh_hints(const at::Tensor& deformed, const MeshField& field);

  DenseMotionNetwork dense_motion_{nullptr};
  ConvNormRelu first_{nullptr};
  std::vector<ConvNormRelu> down_, up_, mesh_;
  std::vector<PreActivationBlock> bottleneck_;
  std::vector<PreparedConv2d> skips_;
  PreparedConv2d final_{nullptr}, blend_{nullptr};
};
TORCH_MODULE(MotionGenerator);

class MotionModelImpl : public torch::nn::Module {
 public:
  // Throws Error for options out of range.
  explicit MotionModelImpl(const MotionModelOptions& options);

  const MotionModelOptions& options() const { return options_; }

  // Pictures are [N, C, H, W] (RGB) in [0, 1], H and W multiples of options().size_multiple_px(), 256 for
  // what was trained so; `mesh` [N, 478, 3] is that of their faces (KeyPoints::mesh), of models that go by one.
  // Both throw Error for another shape.
  KeyPoints detect(const at::Tensor& picture, const at::Tensor& mesh = {}, KeyPointMaps* maps = nullptr);
  EncodedSource encode_source(const at::Tensor& source, const at::Tensor& mesh = {});

  // The source moved from its own key points to `driving`: [N, C, H, W] in (0, 1). One source may be driven
  // by a batch of N key points. Fills `maps` when given, which may cost one more warp of the picture.
  // align_corners: whether the corners of a grid mean the centres of the corner pixels or their outer corners
  // when pictures are warped. The published models were trained with torch 1.0, which knew only the former
  // (true); the reference code under torch 1.3 and later does the latter. Throws Error unless `driving` has
  // the model's number of key points, and jacobians and a mesh if the model has.
  at::Tensor render(const EncodedSource& source, const KeyPoints& driving, bool align_corners = true,
                    MotionMaps* maps = nullptr);

  // The parts, for training.
  KeyPointDetector& key_point_detector() { return kp_detector_; }
  MotionGenerator& generator() { return generator_; }

  // For inference: derives what follows from the weights, once they are on their device; neither may change
  // afterwards. The network then gives the same up to rounding and is faster; in training mode or where
  // gradients are recorded nothing changes. kBFloat16: convolutions are computed in it, key points and
  // deformations stay in float.
  void prepare(at::ScalarType type = at::kFloat);

 private:
  void check_picture(const at::Tensor& picture) const;
  void check_mesh(const at::Tensor& mesh, int64_t count) const;

  at::ScalarType type_ = at::kFloat;
  MotionModelOptions options_;
  KeyPointDetector kp_detector_{nullptr};
  MotionGenerator generator_{nullptr};
};
TORCH_MODULE(MotionModel);

// The network of a checkpoint, for evaluation. Of tensors, those below `kp_detector.` and
// `generator.` are used, others (discriminator, optimisers) are not looked at. Without options they are taken
// from the shapes, see motion_options_from_tensors. Throws Error, beginning with `where`, when options
// contradict the shapes or a tensor is missing, superfluous or of another shape.
MotionModel load_motion_model(const checkpoint::NamedTensors& tensors,
                              const std::optional<MotionModelOptions>& options, const std::string& where);

}  // namespace toonmirror::nets
