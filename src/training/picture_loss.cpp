#include "training/picture_loss.h"

#include <algorithm>

#include "nets/house_encoder.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kLeastIdentitySize_px = 128;

}  // namespace

at::Tensor at_size(const at::Tensor& pictures, int64_t size_px) {
  return pictures.size(2) == size_px ? pictures : at::adaptive_avg_pool2d(pictures, {size_px, size_px});
}

PictureLoss::PictureLoss(const std::filesystem::path& nets_folder, at::ScalarType type,
                         const PictureLossWeights& weights)
    : weights_(weights) {
  if (nets_folder.empty()) return;
  perceptual_.emplace(nets_folder, type);
  identity_.emplace(nets_folder);
}

Loss PictureLoss::operator()(const at::Tensor& output, const Batch& batch) const {
  const int64_t size_px = output.size(2);
  const at::Tensor target = at_size(batch.target, size_px);
  const at::Tensor regions = region_weights(batch.target_labels, size_px);
  const at::Tensor l1 = weighted_l1(output, target, regions);
  const at::Tensor edges = gradient_l1(output, target, regions);
  Loss loss = {weights_.l1 * l1 + weights_.gradient * edges,
               {{"l1", l1.item<double>()}, {"edges", edges.item<double>()}}};
  if (!perceptual_) return loss;
  const at::Tensor look = (*perceptual_)(output, target);
  loss.total = loss.total + weights_.perceptual * look;
  loss.figures["perceptual"] = look.item<double>();
  // A face of 64 px has too little of what the identity network looks at to pay for its verdict.
  if (size_px < kLeastIdentitySize_px) return loss;

  // The identity network costs as much as the generator, so only some samples pay for it.
  const int64_t few = std::max<int64_t>(output.size(0) / 4, 1);
  const at::Tensor landmarks = batch.landmarks.narrow(0, 0, few);
  at::Tensor person;
  {
    const at::NoGradGuard no_grad;
    person = identity_->embed(batch.photo.narrow(0, 0, few), landmarks);
  }
  const at::Tensor similarity =
      (identity_->embed(output.narrow(0, 0, few), landmarks) * person).sum(1).mean();
  loss.total = loss.total + weights_.identity * (1.0 - similarity);
  loss.figures["identity"] = similarity.item<double>();
  return loss;
}

PatchCriticImpl::PatchCriticImpl(int64_t channels) {
  struct Shape {
    int64_t in, out, stride;
  };
  const std::array<Shape, 5> shapes = {
      {{channels, 32, 2}, {32, 64, 2}, {64, 128, 2}, {128, 128, 1}, {128, 1, 1}}};
  for (size_t i = 0; i < shapes.size(); ++i) {
    const auto [in, out, stride] = shapes[i];
    layers_.push_back(register_module(
        "conv" + std::to_string(i), nets::ConvLayer(in, out, 3, stride, /*activate=*/i + 1 < shapes.size())));
  }
}

at::Tensor PatchCriticImpl::forward(const at::Tensor& pictures) {
  at::Tensor x = pictures;
  for (nets::ConvLayer& layer : layers_) x = layer->forward(x);
  return x.to(at::kFloat);
}

AdversarialFinish::AdversarialFinish(int64_t workers, at::ScalarType type, const PictureLossWeights& weights,
                                     bool sees_labels)
    : type_(type), weights_(weights), sees_labels_(sees_labels) {
  const int64_t channels = sees_labels ? 3 + nets::kFaceClassCount : 3;
  for (int64_t i = 0; i < workers; ++i) seats_.push_back({PatchCritic(channels), {}, {}});
}

at::Tensor AdversarialFinish::view_of(const Shown& shown) const {
  if (!sees_labels_) return shown.picture.to(type_);
  const at::Tensor classes = at::one_hot(shown.labels, nets::kFaceClassCount).permute({0, 3, 1, 2}).to(type_);
  return at::cat({shown.picture.to(type_), classes}, 1).contiguous(at::MemoryFormat::ChannelsLast);
}

std::vector<Modules> AdversarialFinish::modules() {
  std::vector<Modules> result;
  for (Seat& seat : seats_) result.push_back({seat.critic.get()});
  return result;
}

void AdversarialFinish::add_to(Loss& loss, const Shown& output, const Shown& target,
                               const StepContext& context) {
  Seat& seat = seats_[static_cast<size_t>(context.worker)];
  seat.output.reset();
  if (weights_.adversarial <= 0 || context.progress < weights_.adversarial_from) return;
  const at::Tensor view = view_of(output);
  const at::Tensor verdict = seat.critic->forward(view);
  const at::Tensor unconvinced = (verdict - 1.0).square().mean();
  loss.total = loss.total + weights_.adversarial * unconvinced;
  loss.figures["unconvinced"] = unconvinced.item<double>();
  seat.output = view.detach();
  seat.target = view_of(target);
}

Loss AdversarialFinish::critic_loss(const StepContext& context) {
  Seat& seat = seats_[static_cast<size_t>(context.worker)];
  if (!seat.output.defined()) return {};
  const at::Tensor on_target = seat.critic->forward(seat.target);
  const at::Tensor on_output = seat.critic->forward(seat.output);
  const at::Tensor total = 0.5 * ((on_target - 1.0).square().mean() + on_output.square().mean());
  return {total, {{"critic", total.item<double>()}}};
}

}  // namespace toonmirror::training
