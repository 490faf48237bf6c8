// The house's face mesh: a crop of a face → 478 points in depth, whether there is a face at all, and which of
// its points are to be seen. 59 million multiply-adds (118 MFLOP) a crop; dense convolutions with few
// channels, since those take less time on a processor than depthwise ones of half their cost. It says first
// how the face lies in the crop and what shape it has beside the mean (so that a face lying on its side is
// no other shape), and then looks closely at eyes and mouth in its finest stages, where it expects them
// (after Grishchenko et al. 2020, "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time"); the
// right eye is mirrored, so that both are one eye to learn.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_file.h"
#include "nets/face_mesh_points.h"
#include "nets/layers.h"

namespace toonmirror::nets {

inline constexpr const char* kMeshKind = "mesh";

struct FaceMeshOptions {
  int64_t resolution = 160;
  std::vector<int64_t> channels = {16, 32, 64, 96, 128};  // at 1/2, 1/4, 1/8, 1/16, 1/32 of the input
  std::vector<int64_t> depths = {0, 1, 2, 3, 2};          // residual blocks of each
  int64_t summary = 256;                                  // numbers that the whole face becomes
  int64_t closer = 32;                                    // channels of the close looks
};

struct FaceMeshResult {
  // Units of the crop: x and y from -1 to 1 over it, z in the same unit, larger towards the viewer.
  at::Tensor points;      // [N, 478, 3] float, see face_mesh_points.h
  at::Tensor coarse;      // [N, 478, 3], the same before the close looks
  at::Tensor presence;    // [N] logits: there is a face
  at::Tensor visibility;  // [N, 478] logits: the point is in the crop and nothing lies before it
};

// A residual block with half as many channels inside.
class NarrowBlockImpl : public torch::nn::Module {
 public:
  explicit NarrowBlockImpl(int64_t channels);
  at::Tensor forward(const at::Tensor& x);
  void prepare(at::ScalarType type);

 private:
  ConvLayer narrow_{nullptr}, mix_{nullptr}, widen_{nullptr};
};
TORCH_MODULE(NarrowBlock);

// What a patch of `side` samples tells of `points` points.
class CloseLookImpl : public torch::nn::Module {
 public:
  CloseLookImpl(int64_t in, int64_t side, int64_t channels, int64_t points);
  // patches [M, in, side, side] → how far each point lies from where it was expected, [M, points, 2] float,
  // in half sides of the patch.
  at::Tensor forward(const at::Tensor& patches);
  void prepare(at::ScalarType type);
  // Where the samples lie in the patch, [side², 2] from -1 to 1.
  const at::Tensor& samples() const { return samples_; }

 private:
  int64_t side_, points_;
  ConvLayer first_{nullptr}, second_{nullptr};
  FullyConnected gather_{nullptr}, offsets_{nullptr};
  at::Tensor samples_;
};
TORCH_MODULE(CloseLook);

class FaceMeshImpl : public torch::nn::Module {
 public:
  // Throws Error for what no file of ours asks for.
  explicit FaceMeshImpl(const FaceMeshOptions& options);

  const FaceMeshOptions& options() const { return options_; }

  // x [N, 3, R, R] RGB in [-1, 1], in any light; stages in the type of x, all else in float.
  FaceMeshResult forward(const at::Tensor& x);
  void prepare(at::ScalarType type);

  // [478, 3] in units of the crop: the mean face, which all others are told against.
  torch::Tensor canonical;
  // [68, 478] for landmarks68_of(): dlib's points as sums of those of the mesh. Rows add up to one.
  torch::Tensor landmarks68;

 private:
  std::vector<at::Tensor> stages(const at::Tensor& x);
  // Offsets [N, K, 3] of the points of `closer_` from where `coarse` has them; `pose` [N, 4] is how the face
  // lies in the crop.
  at::Tensor look_closely(const std::vector<at::Tensor>& stages, const at::Tensor& pose,
                          const at::Tensor& coarse);

  FaceMeshOptions options_;
  std::vector<ConvLayer> down_;
  std::vector<std::vector<NarrowBlock>> blocks_;
  ConvLayer squeeze_{nullptr};
  FullyConnected gather_{nullptr}, summary_{nullptr}, pose_{nullptr}, shape_{nullptr}, judgement_{nullptr};
  CloseLook eye_{nullptr}, mouth_{nullptr};
  at::Tensor closer_;  // the points of both eyes, then of the lips
};
TORCH_MODULE(FaceMesh);

// Model files, as nets/model_file.h has them for the other networks (defined in model_file.cpp): kind "mesh",
// of no family.
std::string architecture_json(const FaceMeshOptions& options);
FaceMesh load_face_mesh(const checkpoint::CheckpointFile& file);
void save_network(const std::filesystem::path& path, const FaceMesh& mesh, checkpoint::Metadata metadata);

}  // namespace toonmirror::nets
