#include "training/critic_sight.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "training/encoder_sight.h"

namespace toonmirror::training {
namespace {

constexpr double kFirstBlur_px = 2.0;
constexpr double kBlurReach = 3.0;  // of the filter, in standard deviations
constexpr size_t kPerceptualFeatures = 5;
// The stages of 64, 32, 16 and 8 px have critics. What the finest sees, of 128 px, pixels tell as well.
constexpr size_t kFirstStage = 1;
constexpr int64_t kStageReduced = 64;

}  // namespace

at::Tensor blurred(const at::Tensor& pictures, double sigma_px) {
  const auto reach = static_cast<int64_t>(std::ceil(kBlurReach * sigma_px));
  if (sigma_px < kLeastBlur_px || reach >= std::min(pictures.size(2), pictures.size(3))) return pictures;
  const int64_t channels = pictures.size(1);
  at::Tensor filter = (at::arange(-reach, reach + 1, pictures.options().requires_grad(false)) / sigma_px)
                          .square()
                          .mul(-0.5)
                          .exp();
  filter = (filter / filter.sum()).view({1, 1, 1, -1}).expand({channels, 1, 1, -1});
  const at::Tensor wide = at::reflection_pad2d(pictures, {reach, reach, reach, reach});
  const auto filtered = [channels](const at::Tensor& x, const at::Tensor& weight) {
    constexpr int64_t kNoPadding = 0;
    return at::conv2d(x, weight.contiguous(), {}, 1, kNoPadding, 1, channels);
  };
  return filtered(filtered(wide, filter), filter.transpose(2, 3));
}

double blurred_sight_px(const PictureLossWeights& weights, double progress) {
  if (weights.adversarial_blur <= 0) return 0;
  const double faded = (progress - weights.adversarial_from) / weights.adversarial_blur;
  return kFirstBlur_px * std::clamp(1.0 - faded, 0.0, 1.0);
}

CriticSight::CriticSight(const PictureLoss& loss, const nets::HouseEncoder& face, at::ScalarType type)
    : perceptual_(loss.perceptual_network()), face_(face), type_(type) {}

std::vector<CriticSlice> CriticSight::slices() const {
  std::vector<CriticSlice> result;
  if (perceptual_) result = perceptual_slices();
  if (!face_) return result;
  const std::vector<int64_t>& channels = face_->options().channels;
  const size_t first = perceptual_ ? kPerceptualFeatures : 0;
  for (size_t stage = kFirstStage; stage < channels.size(); ++stage) {
    const int64_t stride = stage == kFirstStage ? 2 : 1;
    result.push_back({"stage" + std::to_string(stage), first + stage - kFirstStage, channels[stage],
                      std::min(channels[stage], kStageReduced), stride});
  }
  return result;
}

void CriticSight::add_stages(CriticView& view) const {
  if (!face_) return;
  nets::HouseEncoder face = face_;
  // It knows faces of its own size alone.
  const at::Tensor pictures = at_encoder_size(view.picture).to(type_);
  const std::vector<at::Tensor> stages = face->stages(pictures.contiguous(at::MemoryFormat::ChannelsLast));
  view.features.insert(view.features.end(), stages.begin() + kFirstStage, stages.end());
}

CriticView CriticSight::seen(const at::Tensor& pictures, const at::Tensor& classes, const Light& light,
                             double blur_px) const {
  CriticView view = {relit(blurred(pictures, blur_px), light), {}, classes};
  if (perceptual_) view.features = perceptual_->features(view.picture);
  add_stages(view);
  return view;
}

PictureViews CriticSight::look(const at::Tensor& drawn, const at::Tensor& wanted, const at::Tensor& labels,
                               double blur_px, std::mt19937_64& random) const {
  const Light light = draw_light(drawn.size(0), random);
  PictureViews views;
  views.drawn = seen(drawn, class_shares(labels), light, blur_px);
  const at::NoGradGuard no_grad;
  views.wanted = seen(wanted, views.drawn.classes, light, blur_px);
  return views;
}

CriticView CriticSight::look(const at::Tensor& pictures, const at::Tensor& classes, double blur_px,
                             std::mt19937_64& random) const {
  return seen(pictures, classes, draw_light(pictures.size(0), random), blur_px);
}

void CriticSight::complete(PictureViews& views) const {
  add_stages(views.drawn);
  const at::NoGradGuard no_grad;
  add_stages(views.wanted);
}

}  // namespace toonmirror::training
