#include "training/latent_translation.h"

#include <gtest/gtest.h>

#include "nets/model_file.h"
#include "nets/stylegan2.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kWidth = 8;

nets::GeneratorOptions small_options() {
  nets::GeneratorOptions options;
  options.resolution = 16;
  options.z_dim = options.w_dim = kWidth;
  options.channels = {{4, 6}, {8, 5}, {16, 4}};
  return options;
}

// A w, and an earlier W+ whose rows are linear in it.
struct Latents {
  at::Tensor w, earlier;
};

Latents linear_latents(int64_t count) {
  torch::manual_seed(21);
  const int64_t rows = small_options().latent_count();
  const at::Tensor w = at::randn({count, kWidth}) + 1.0;
  const at::Tensor matrices = at::randn({rows, kWidth, kWidth}) * 0.4, offsets = at::randn({rows, kWidth});
  return {w, at::einsum("rij,nj->nri", {matrices, w}) + offsets};
}

TEST(FitTranslation, FindsALinearRelation) {
  const Latents latents = linear_latents(400);
  const LatentTranslation found = fit_translation(latents.w, latents.earlier);
  const at::Tensor told = at::einsum("rij,nj->nri", {found.matrices, latents.w}) + found.offsets;
  EXPECT_LT((told - latents.earlier).abs().max().item<double>(), 0.03);
}

TEST(FitTranslation, StaysFiniteWithFewerPhotosThanNumbers) {
  const Latents latents = linear_latents(3);
  const LatentTranslation found = fit_translation(latents.w, latents.earlier);
  EXPECT_TRUE(found.matrices.isfinite().all().item<bool>());
  EXPECT_LT(found.matrices.abs().max().item<double>(), 10.0);
}

TEST(Translated, DrawsFromTheNewLatentsWhatWasDrawnFromTheEarlierOnes) {
  const at::NoGradGuard no_grad;
  const Latents latents = linear_latents(400);
  nets::Generator earlier(small_options()), now(small_options());
  nets::assign_tensors(
      *now, translated(nets::named_tensors(*earlier), fit_translation(latents.w, latents.earlier)), "test");
  const at::Tensor expected = earlier->synthesize(latents.earlier.narrow(0, 0, 8));
  const at::Tensor ws =
      latents.w.narrow(0, 0, 8).unsqueeze(1).expand({-1, now->options().latent_count(), -1});
  const at::Tensor actual = now->synthesize(ws);
  EXPECT_LT((actual - expected).norm().item<double>(), 0.05 * expected.norm().item<double>());
  EXPECT_GT((earlier->synthesize(ws) - expected).norm().item<double>(), 0.3 * expected.norm().item<double>());
}

TEST(Translated, LeavesAllAsItIsWithoutATranslation) {
  nets::Generator generator(small_options());
  const checkpoint::NamedTensors before = nets::named_tensors(*generator);
  for (const auto& [name, tensor] : translated(before, {})) EXPECT_TRUE(at::equal(tensor, before.at(name)));
}

}  // namespace
}  // namespace toonmirror::training
