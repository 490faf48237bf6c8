#include "training/mesh_trainer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "nets/mesh_measures.h"
#include "nets/model_file.h"
#include "support/face_mesh.h"
#include "support/temporary_folder.h"
#include "training/mesh_figures.h"
#include "training/mesh_mirror.h"

namespace toonmirror::training {
namespace {

nets::FaceMesh small_network() {
  nets::FaceMeshOptions options;
  options.resolution = 64;
  options.channels = {8, 12, 16, 16, 16};
  options.depths = {0, 0, 0, 1, 0};
  options.summary = 64;
  options.closer = 8;
  torch::manual_seed(1);
  nets::FaceMesh network(options);
  network->canonical.copy_(testing::synthetic_mesh() / (0.75 * 2 * 0.66));
  return network;
}

// A batch of one face and one crop without.
MeshBatch small_batch() {
  MeshBatch batch{at::zeros({2, 3, 64, 64}), at::zeros({2, nets::kMeshPoints, 3}),
                  at::zeros({2, nets::kMeshPoints}), at::tensor({1.0F, 0.0F})};
  batch.points[0].copy_(testing::synthetic_mesh());
  batch.visible[0].fill_(1);
  return batch;
}

nets::FaceMeshResult exactly(const MeshBatch& batch) {
  return {batch.points.clone(), batch.points.clone(), at::tensor({20.0F, -20.0F}),
          (batch.visible - 0.5) * 40.0};
}

TEST(MeshLossTest, IsNoneForWhoSeesRight) {
  const MeshBatch batch = small_batch();
  const MeshLoss loss = mesh_loss(exactly(batch), batch, {});
  EXPECT_LT(loss.total.item<double>(), 1e-4);
  EXPECT_NEAR(loss.figures.at("error %"), 0, 1e-4);
  EXPECT_EQ(loss.figures.at("presence"), 1.0);
}

TEST(MeshLossTest, DoesNotHearPointsWithoutAFace) {
  const MeshBatch batch = small_batch();
  nets::FaceMeshResult seen = exactly(batch);
  const double before = mesh_loss(seen, batch, {}).total.item<double>();
  seen.points[1] += 5;
  seen.coarse[1] += 5;
  seen.visibility[1] += 5;
  EXPECT_EQ(mesh_loss(seen, batch, {}).total.item<double>(), before);
  MeshBatch none = batch;
  none.present = at::zeros({2});
  // One of two is sure of what is not there: half of its logit.
  EXPECT_NEAR(mesh_loss(seen, none, {}).total.item<double>(), MeshLossWeights().presence * 10, 1e-3);
}

TEST(MeshLossTest, MissesEyesMoreThanCheeksAndHiddenPointsLess) {
  const auto lost_by = [](int64_t point, bool visible) {
    MeshBatch batch = small_batch();
    nets::FaceMeshResult seen = exactly(batch);
    seen.points[0][point][1] += 0.05;
    if (!visible) batch.visible[0][point] = 0;
    seen.visibility = (batch.visible - 0.5) * 40.0;
    return mesh_loss(seen, batch, {}).total.item<double>();
  };
  EXPECT_GT(lost_by(nets::kLeftLids[4], true), 2.5 * lost_by(nets::kContour[3], true));
  EXPECT_LT(lost_by(nets::kContour[3], false), 0.5 * lost_by(nets::kContour[3], true));
}

TEST(MeshLossTest, FallsOnEightSamples) {
  const testing::TemporaryFolder folder;
  testing::write_mesh_pack(folder / "m.safetensors", 5);
  const MeshPack pack(folder / "m.safetensors");
  nets::FaceMesh network = small_network();
  const MeshSamples samples(pack, network->canonical, 64);
  std::mt19937_64 random(3);
  const MeshBatch batch = samples.faces({0, 1, 2, 3, 0, 1, 2, 3}, {}, random);
  torch::optim::Adam adam(network->parameters(), torch::optim::AdamOptions(0.02));
  double first = 0, last = 0;
  for (int step = 0; step < 40; ++step) {
    adam.zero_grad();
    const MeshLoss loss = mesh_loss(network->forward(batch.pictures), batch, {});
    last = loss.total.item<double>();
    if (step == 0) first = last;
    loss.total.backward();
    adam.step();
  }
  EXPECT_LT(last, 0.5 * first);
}

class TrainMesh : public ::testing::Test {
 protected:
  TrainMesh() {
    options_.pack = folder_ / "m.safetensors";
    testing::write_mesh_pack(options_.pack, 6);
    options_.run.output = folder_ / "out";
    options_.run.workers = 2;
    options_.run.batch_per_worker = 2;
    options_.run.steps = 1;
  }
  nets::FaceMesh train() {
    RunHooks hooks;
    hooks.log = [](const std::string&) {};
    return train_mesh(options_, hooks,
                      [this](const std::filesystem::path&, const at::Tensor& picture) { sheet_ = picture; });
  }
  testing::TemporaryFolder folder_;
  MeshTrainingOptions options_;
  at::Tensor sheet_;
};

TEST_F(TrainMesh, LearnsAndGoesOn) {
  nets::FaceMesh after_one = train();
  options_.run.steps = 2;  // goes on from the checkpoint
  nets::FaceMesh after_two = train();
  const checkpoint::NamedTensors before = nets::named_tensors(*after_one);
  for (const auto& [name, tensor] : nets::named_tensors(*after_two)) {
    EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
  }
  EXPECT_FALSE(at::equal(before.at("shape.weight"), nets::named_tensors(*after_two).at("shape.weight")));
  EXPECT_TRUE(at::equal(before.at("canonical"), after_two->canonical));
  EXPECT_TRUE(at::allclose(after_two->landmarks68.sum(1), at::ones({68}), 1e-4, 1e-4));
  EXPECT_EQ(sheet_.sizes(), (std::vector<int64_t>{3, 3 * 320, 320}));  // of the one face that is held out
  const MeshFigures figures = evaluate_mesh(MeshPack(options_.pack), after_two);
  EXPECT_EQ(figures.faces, 1);
  // The mean face is not far from one that has the mean shape, and is looked at twice.
  EXPECT_LT(figures.error, 60);
  EXPECT_TRUE(std::isfinite(figures.yaw_error_deg));
  EXPECT_TRUE(std::isfinite(figures.square_error));
  EXPECT_EQ(figures.open_eyes + figures.closed_eyes, 2);
}

TEST_F(TrainMesh, WantsLandmarks) {
  checkpoint::NamedTensors tensors = checkpoint::SafetensorsFile(options_.pack).all();
  tensors["landmarks"] = at::full_like(tensors["landmarks"], std::nan(""));
  options_.pack = folder_ / "n.safetensors";
  checkpoint::write_safetensors(options_.pack, tensors, {{"toonmirror.kind", kMeshesKind}});
  EXPECT_THROW(train(), Error);
}

}  // namespace
}  // namespace toonmirror::training
