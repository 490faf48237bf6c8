#include "nets/face_mesh.h"

#include <ATen/record_function.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "base/model_keys.h"
#include "checkpoint/safetensors.h"
#include "nets/model_file.h"
#include "support/face_mesh.h"
#include "support/temporary_folder.h"

namespace toonmirror::nets {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

FaceMeshOptions small_options() {
  FaceMeshOptions options;
  options.resolution = 64;
  options.channels = {4, 6, 8, 8, 10};
  options.depths = {1, 1, 0, 2, 1};
  options.summary = 16;
  options.closer = 6;
  return options;
}

// One whose last layers say something, too.
FaceMesh talkative(const FaceMeshOptions& options) {
  torch::manual_seed(5);
  FaceMesh mesh(options);
  const at::NoGradGuard no_grad;
  for (at::Tensor& parameter : mesh->parameters()) {
    if (parameter.abs().max().item<double>() == 0) parameter.copy_(at::randn_like(parameter) * 0.3);
  }
  mesh->canonical.copy_(testing::synthetic_mesh());
  return mesh;
}

at::Tensor crops(int64_t count, int64_t side) {
  torch::manual_seed(6);
  return (at::rand({count, 3, side, side}) * 2 - 1).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor all_of(const FaceMeshResult& result) {
  return at::cat({result.points.flatten(), result.coarse.flatten(), result.presence.flatten(),
                  result.visibility.flatten()});
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>() / b.abs().max().item<double>();
}

int64_t multiply_adds = 0;

std::unique_ptr<at::ObserverContext> count(const at::RecordFunction& function) {
  const std::string name = function.name();
  const auto inputs = function.inputs();
  if (name == "aten::convolution") {
    const at::Tensor x = inputs[0].toTensor(), weight = inputs[1].toTensor();
    const int64_t stride = inputs[3].toIntVector()[0], padding = inputs[4].toIntVector()[0];
    const auto size = [&](int64_t axis) {
      return (x.size(axis) + 2 * padding - weight.size(axis)) / stride + 1;
    };
    multiply_adds += x.size(0) * size(2) * size(3) * weight.numel();
  } else if (name == "aten::addmm") {
    multiply_adds += inputs[1].toTensor().size(0) * inputs[2].toTensor().numel();
  } else if (name == "aten::addmv") {
    multiply_adds += inputs[1].toTensor().numel();
  }
  return nullptr;
}

TEST(FaceMesh, SaysAllOfItForEachCrop) {
  const at::NoGradGuard no_grad;
  const FaceMeshResult result = talkative(small_options())->forward(crops(3, 64));
  EXPECT_EQ(result.points.sizes(), (std::vector<int64_t>{3, kMeshPoints, 3}));
  EXPECT_EQ(result.coarse.sizes(), result.points.sizes());
  EXPECT_EQ(result.presence.sizes(), (std::vector<int64_t>{3}));
  EXPECT_EQ(result.visibility.sizes(), (std::vector<int64_t>{3, kMeshPoints}));
  EXPECT_TRUE(all_of(result).isfinite().all().item<bool>());
}

TEST(FaceMesh, CropsOfABatchDoNotHearOfEachOther) {
  const at::NoGradGuard no_grad;
  FaceMesh mesh = talkative(small_options());
  const at::Tensor both = crops(2, 64);
  const FaceMeshResult together = mesh->forward(both), alone = mesh->forward(both.slice(0, 1));
  EXPECT_LT(largest_difference(together.points.slice(0, 1), alone.points), 1e-4);
  EXPECT_LT(largest_difference(together.visibility.slice(0, 1), alone.visibility), 1e-4);
}

TEST(FaceMesh, BeginsWithTheMeanFace) {
  const at::NoGradGuard no_grad;
  FaceMesh mesh(small_options());
  mesh->canonical.copy_(testing::synthetic_mesh());
  const at::Tensor points = mesh->forward(crops(1, 64)).points[0];
  EXPECT_TRUE(at::allclose(points, mesh->canonical, 1e-5, 1e-5));
}

TEST(FaceMesh, PreparedItSaysTheSame) {
  const at::NoGradGuard no_grad;
  FaceMesh mesh = talkative(small_options());
  const at::Tensor x = crops(2, 64), expected = all_of(mesh->forward(x));
  mesh->prepare(at::kFloat);
  EXPECT_LT(largest_difference(all_of(mesh->forward(x)), expected), 1e-4);
  mesh->prepare(at::kBFloat16);
  const FaceMeshResult rounded = mesh->forward(x.to(at::kBFloat16));
  EXPECT_EQ(rounded.points.scalar_type(), at::kFloat);
  EXPECT_LT(largest_difference(all_of(rounded), expected), 0.05);
}

TEST(FaceMesh, CostsNoMoreThanItSays) {
  const at::NoGradGuard no_grad;
  FaceMesh mesh(FaceMeshOptions{});
  multiply_adds = 0;
  const at::CallbackHandle handle =
      at::addThreadLocalCallback(at::RecordFunctionCallback(count).needsInputs(true));
  mesh->forward(crops(1, mesh->options().resolution));
  at::removeCallback(handle);
  EXPECT_LT(multiply_adds, 60'000'000);
  EXPECT_GT(multiply_adds, 55'000'000);  // or something was not counted
}

TEST(FaceMesh, EveryLayerCounts) {
  FaceMesh mesh = talkative(small_options());
  all_of(mesh->forward(crops(2, 64))).square().mean().backward();
  for (const auto& item : mesh->named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_GT(item.value().grad().abs().max().item<double>(), 0.0) << item.key();
  }
}

TEST(FaceMesh, CloseLooksMoveEyesAndLipsAlone) {
  const at::NoGradGuard no_grad;
  const FaceMeshResult result = talkative(small_options())->forward(crops(1, 64));
  const at::Tensor moved = (result.points - result.coarse).abs().sum(2)[0] > 0;
  EXPECT_EQ(moved.sum().item<int64_t>(), 2 * (kLidPoints + kIrisPoints) + 40);
  EXPECT_TRUE(moved[kLeftLids[3]].item<bool>());
  EXPECT_TRUE(moved[kRightIris].item<bool>());
  EXPECT_TRUE(moved[kInnerLips[5]].item<bool>());
  EXPECT_FALSE(moved[kContour[0]].item<bool>());
}

TEST(FaceMesh, RefusesWhatNoFileAsksFor) {
  for (const auto& spoil : std::vector<std::function<void(FaceMeshOptions&)>>{
           [](auto& o) { o.resolution = 100; }, [](auto& o) { o.resolution = 1 << 20; },
           [](auto& o) { o.channels.pop_back(); }, [](auto& o) { o.channels[2] = 0; },
           [](auto& o) { o.depths[4] = 1000; }, [](auto& o) { o.summary = 0; },
           [](auto& o) { o.closer = 1; }}) {
    FaceMeshOptions options = small_options();
    spoil(options);
    EXPECT_THROW(FaceMesh{options}, Error);
  }
}

TEST(FaceMesh, IsTheSameFromItsFile) {
  const at::NoGradGuard no_grad;
  const testing::TemporaryFolder folder;
  FaceMesh mesh = talkative(small_options());
  for (auto& [name, tensor] : named_tensors(*mesh)) tensor.copy_(tensor.to(at::kHalf));
  save_network(folder / "mesh.safetensors", mesh, {{"name", "mesh"}});
  const checkpoint::CheckpointFile file(folder / "mesh.safetensors");
  FaceMesh loaded = load_face_mesh(file);
  EXPECT_EQ(architecture_json(loaded->options()), architecture_json(mesh->options()));
  EXPECT_TRUE(at::equal(loaded->canonical, mesh->canonical));
  EXPECT_TRUE(at::equal(all_of(loaded->forward(crops(1, 64))), all_of(mesh->forward(crops(1, 64)))));
  EXPECT_EQ(family_of(file), "");
}

TEST(FaceMesh, IsNotFoundInOtherFiles) {
  const testing::TemporaryFolder folder;
  checkpoint::write_safetensors(folder / "x.safetensors", {{"x", at::ones({1})}}, {});
  EXPECT_THAT([&] { load_face_mesh(checkpoint::CheckpointFile(folder / "x.safetensors")); },
              ThrowsMessage<Error>(HasSubstr("holds no face mesh")));
  checkpoint::write_safetensors(folder / "y.safetensors", {{"x", at::ones({1})}},
                                {{kKindKey, kMeshKind}, {kArchitectureKey, R"({"resolution": 160})"}});
  EXPECT_THAT([&] { load_face_mesh(checkpoint::CheckpointFile(folder / "y.safetensors")); },
              ThrowsMessage<Error>(HasSubstr("architecture is not understood")));
}

}  // namespace
}  // namespace toonmirror::nets
