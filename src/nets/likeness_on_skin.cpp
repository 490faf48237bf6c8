#include "nets/likeness_on_skin.h"

namespace toonmirror::nets {

void quieten_on_skin(LikenessFeatures& features, const GeneratorOptions& options, const at::Tensor& skin,
                     double share) {
  if (options.finest_skin_features_px == 0 || share == 0) return;
  for (auto& [resolution, feature] : features) {
    if (resolution <= options.finest_skin_features_px) continue;
    const at::Tensor there = at::adaptive_avg_pool2d(skin, {resolution, resolution});
    feature = feature * (1 - share * there).to(feature.scalar_type());
  }
}

}  // namespace toonmirror::nets
