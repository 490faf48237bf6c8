#include "training/mesh_trainer.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.h"
#include "training/generator_trainer.h"
#include "training/mesh_landmarks.h"
#include "training/mesh_mirror.h"
#include "training/mesh_pack.h"
#include "training/pair_pack.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kMostFitted = 3000;  // faces that dlib's landmarks are fitted on
constexpr int64_t kEnlarged = 2;       // crops on the sheet
constexpr int64_t kFrame_px = 4;
using Paint = std::array<float, 3>;
constexpr Paint kTruth = {-1, 1, -0.6F}, kFound = {1, 0.3F, -1}, kRight = {-1, 0.6F, -1},
                kWrong = {1, -1, -1};

// At most that many, evenly spread.
at::Tensor thinned(const at::Tensor& rows, int64_t most) {
  const int64_t step = std::max<int64_t>((rows.numel() + most - 1) / most, 1);
  return rows.slice(0, 0, rows.numel(), step);
}

// What the network knows of faces before it has learned anything.
struct MeanFace {
  at::Tensor canonical, landmarks68;
};

MeanFace mean_face(const MeshPack& pack) {
  const at::Tensor rows = at::tensor(pack.training_rows(), at::kLong);
  const at::Tensor landmarks = pack.landmarks().index_select(0, rows);
  const at::Tensor known = rows.index_select(0, landmarks.isfinite().all(2).all(1).nonzero().flatten());
  if (known.numel() == 0) {
    throw Error("no face with dlib's landmarks among those to learn from", "give photos with an index");
  }
  const at::Tensor fitted = thinned(known, kMostFitted);
  return {canonical_mesh(pack.points().index_select(0, rows)),
          fit_landmarks68(pack.points().index_select(0, fitted), pack.landmarks().index_select(0, fitted))};
}

void set_pixel(at::TensorAccessor<float, 3> picture, int64_t x, int64_t y, const Paint& colour) {
  if (x < 0 || y < 0 || y >= picture.size(1) || x >= picture.size(2)) return;
  for (int64_t c = 0; c < 3; ++c) picture[c][y][x] = colour[static_cast<size_t>(c)];
}

// picture [3, S, S]; points [478, 3] in its units.
void draw_dots(const at::Tensor& picture, const at::Tensor& points, const Paint& colour) {
  auto pixels = picture.accessor<float, 3>();
  const at::Tensor places = (points + 1.0) * (static_cast<double>(picture.size(2)) / 2) - 0.5;
  const at::Tensor rounded = places.clamp(-1e6, 1e6).round().to(at::kLong).contiguous();
  const auto place = rounded.accessor<int64_t, 2>();
  for (int64_t i = 0; i < place.size(0); ++i) set_pixel(pixels, place[i][0], place[i][1], colour);
}

void draw_frame(const at::Tensor& picture, const Paint& colour) {
  auto pixels = picture.accessor<float, 3>();
  const int64_t side = picture.size(2);
  for (int64_t k = 0; k < side; ++k) {
    for (int64_t d = 0; d < kFrame_px; ++d) {
      for (const auto& [x, y] : {std::pair{k, d}, {k, side - 1 - d}, {d, k}, {side - 1 - d, k}}) {
        set_pixel(pixels, x, y, colour);
      }
    }
  }
}

// Crops with what was found in them, [N, 3, 2S, 2S].
at::Tensor drawn(const MeshBatch& batch, const nets::FaceMeshResult& found) {
  const at::Tensor result = batch.pictures.contiguous()
                                .repeat_interleave(kEnlarged, 2)
                                .repeat_interleave(kEnlarged, 3)
                                .contiguous();
  for (int64_t n = 0; n < result.size(0); ++n) {
    const bool is_face = batch.present[n].item<float>() > 0.5F;
    if (is_face) {
      draw_dots(result[n], batch.points[n], kTruth);
      draw_dots(result[n], found.points[n], kFound);
    }
    draw_frame(result[n], (found.presence[n].item<float>() > 0) == is_face ? kRight : kWrong);
  }
  return result;
}

}  // namespace

nets::FaceMesh train_mesh(const MeshTrainingOptions& options, RunHooks hooks,
                          const PictureWriter& write_picture) {
  const MeshPack pack(options.pack);
  const at::ScalarType type = training_type(options.precision);
  const MeanFace mean = mean_face(pack);
  torch::manual_seed(options.run.seed);
  std::vector<nets::FaceMesh> replicas;
  std::vector<Modules> modules;
  for (int64_t i = 0; i < options.run.workers; ++i) {
    replicas.emplace_back(nets::FaceMeshOptions());
    replicas.back()->canonical.copy_(mean.canonical);
    replicas.back()->landmarks68.copy_(mean.landmarks68);
    modules.push_back({replicas.back().get()});
  }
  const MeshSamples samples(pack, mean.canonical, replicas.front()->options().resolution);

  hooks.loss = [&](const StepContext& context) {
    const MeshBatch batch =
        samples.draw(options.run.batch_per_worker, options.faceless, options.variety, *context.random);
    nets::FaceMesh& network = replicas[static_cast<size_t>(context.worker)];
    MeshLoss loss = mesh_loss(network->forward(batch.pictures.to(type)), batch, options.weights);
    return Loss{loss.total, std::move(loss.figures)};
  };

  const std::vector<int64_t> shown =
      first_rows(pack.held_out_rows().empty() ? pack.training_rows() : pack.held_out_rows());
  std::mt19937_64 random(options.run.seed);
  std::vector<MeshBatch> sheet = {samples.faces(shown, options.variety, random),
                                  samples.faces(shown, options.variety, random),
                                  samples.no_faces(shown, random)};
  hooks.sheet = [&](const std::filesystem::path& path) {
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> rows;
    for (const MeshBatch& batch : sheet) {
      rows.push_back(drawn(batch, replicas.front()->forward(batch.pictures.to(type))));
    }
    write_picture(path, tile_rows(rows));
  };
  run_training(options.run, modules, {}, hooks);
  return replicas.front();
}

}  // namespace toonmirror::training
