#include "training/parted_loss.h"

#include <string>
#include <utility>

namespace toonmirror::training {
namespace {

void add_share(Loss& sum, Loss part, double share) {
  part.total = part.total * share;
  sum.total = sum.total.defined() ? sum.total + part.total : part.total;
  sum.figures.merge(part.figures);
}

std::map<std::string, double> named_w_only(const std::map<std::string, double>& figures) {
  std::map<std::string, double> result;
  for (const auto& [name, value] : figures) result["w-only " + name] = value;
  return result;
}

// The same pictures as the beginning of a graph.
at::Tensor leaf_of(const at::Tensor& output) { return output.detach().requires_grad_(); }

}  // namespace

PictureLossWeights w_only_weights(PictureLossWeights weights, const WOnlyOptions& options) {
  if (options.l1_px <= 0) return weights;
  weights.l1_px = options.l1_px;
  weights.gradient = 0;
  weights.identity = options.identity;
  return weights;
}

Batch part_of(const Batch& batch, int64_t first, int64_t count) {
  const auto part = [&](const at::Tensor& tensor) { return tensor.narrow(0, first, count); };
  return {part(batch.photo),  part(batch.input),         part(batch.target),
          part(batch.labels), part(batch.target_labels), part(batch.landmarks)};
}

PartedLoss::PartedLoss(const std::filesystem::path& nets_folder, at::ScalarType type,
                       const PictureLossWeights& weights, const WOnlyOptions& w_only,
                       const nets::HouseEncoder& face, int64_t workers)
    : close_(nets_folder, type, weights),
      sight_(close_, face, type),
      adversary_(workers, {weights.adversarial, weights.adversarial_from, sight_.slices()}) {
  if (w_only.l1_px > 0) loose_ = close_.with(w_only_weights(weights, w_only));
}

bool PartedLoss::critics_play(int64_t size_px, int64_t w_only, double progress) const {
  return size_px >= kLeastCriticSize_px && adversary_.plays_at(progress) && (!parts() || w_only > 0);
}

Loss PartedLoss::operator()(const at::Tensor& output, const Batch& batch, int64_t w_only,
                            const SeedPictures& seeds, const StepContext& context) {
  const int64_t count = output.size(0), first = parts() ? w_only : count;
  const auto share = [count](int64_t samples) {
    return static_cast<double>(samples) / static_cast<double>(count);
  };
  Loss sum;
  if (first > 0) {
    add_share(sum, judged(output.narrow(0, 0, first), part_of(batch, 0, first), seeds, context),
              share(first));
  }
  if (const int64_t others = count - first; others > 0) {
    add_share(sum, close_(output.narrow(0, first, others), part_of(batch, first, others), *context.random),
              share(others));
  }
  return sum;
}

Loss PartedLoss::judged(const at::Tensor& output, const Batch& batch, const SeedPictures& seeds,
                        const StepContext& context) {
  const int64_t size_px = output.size(2);
  std::mt19937_64& random = *context.random;
  const PictureLoss& compare = loose_ ? *loose_ : close_;
  const bool plays = critics_play(size_px, output.size(0), context.progress);
  const double blur_px = blurred_sight_px(compare.weights(), context.progress);
  // Networks have to look once more at blurred pictures; at sharp ones critics look with the loss.
  const bool sharp = blur_px < kLeastBlur_px;

  const at::Tensor picture = plays ? leaf_of(output) : output;
  PictureViews views;
  Loss loss = compare(picture, batch, random, plays && sharp ? &views : nullptr);
  if (loose_) loss.figures = named_w_only(loss.figures);
  if (!plays) return loss;
  if (sharp) {
    sight_.complete(views);
  } else {
    views = sight_.look(picture, at_size(batch.target, size_px), batch.target_labels, blur_px, random);
  }
  SeedDrawings drawings;
  if (seeds.output.defined()) {
    drawings = {seeds.output, leaf_of(seeds.output), {}};
    drawings.view = sight_.look(drawings.picture, seeds.classes, blur_px, random);
    views.drawn.classes = views.wanted.classes = seeds.photo_classes.narrow(0, 0, output.size(0));
  }
  return adversary_.judged(std::move(loss), picture, output, views.drawn, views.wanted, context, drawings);
}

}  // namespace toonmirror::training
