#include "toon/blend.h"

#include "base/error.h"
#include "fixtures.h"

namespace toonmirror::toon {
namespace {

using testing::small_generator;
using testing::SmallModels;

// The resolution of the block that a parameter belongs to; 0 for the mapping network's.
int block_of(const std::string& name) {
  return name.starts_with("synthesis.b") ? std::stoi(name.substr(std::string("synthesis.b").size())) : 0;
}

Blend split_at(int64_t resolution, Blend::Side structure, double width = 0) {
  return {.method = Blend::Method::kPinkney,
          .structure = structure,
          .resolution = resolution,
          .level = 0,
          .width = width,
          .weights = {}};
}

TEST(BlendedGenerator, TakesEachLayerFromItsSide) {
  const nets::Generator face = small_generator(1);
  const nets::Generator child = small_generator(2);
  const checkpoint::NamedTensors of_face = nets::named_tensors(*face);
  const checkpoint::NamedTensors of_child = nets::named_tensors(*child);
  for (const auto structure : {Blend::Side::kFace, Blend::Side::kChild}) {
    const BlendedGenerator blended(face, child, split_at(8, structure));
    for (const auto& [name, tensor] : nets::named_tensors(*blended.generator())) {
      // The hard switch lies two positions above the split: before the first layer of the next block.
      const bool from_child = (block_of(name) < 16) == (structure == Blend::Side::kChild);
      EXPECT_TRUE(at::equal(tensor, (from_child ? of_child : of_face).at(name))) << name;
    }
  }
}

TEST(BlendedGenerator, InterpolatesWithinTheWidth) {
  const nets::Generator face = small_generator(1);
  const nets::Generator child = small_generator(2);
  const double share = nets::pinkney_plan(face->options(), 16, 0, 2).at("synthesis.b32.conv0.weight");
  ASSERT_GT(share, 0);
  ASSERT_LT(share, 1);
  const std::string name = "synthesis.b32.conv0.weight";
  const at::Tensor a = nets::named_tensors(*face).at(name);
  const at::Tensor b = nets::named_tensors(*child).at(name);
  const BlendedGenerator blended(face, child, split_at(16, Blend::Side::kFace, 2));
  EXPECT_TRUE(
      at::allclose(nets::named_tensors(*blended.generator()).at(name), a + share * (b - a), 1e-5, 1e-6));
}

TEST(BlendedGenerator, WithoutABlendDrawsAsTheChildInTheFacesLatents) {
  const nets::Generator face = small_generator(1);
  const nets::Generator child = small_generator(2);
  const BlendedGenerator blended(face, child, {});
  for (const auto& [name, tensor] : nets::named_tensors(*blended.generator())) {
    const nets::Generator& source = block_of(name) > 0 ? child : face;
    EXPECT_TRUE(at::equal(tensor, nets::named_tensors(*source).at(name))) << name;
  }
}

TEST(BlendedGenerator, BlendsAnewAsIfItWereMadeAnew) {
  const at::NoGradGuard no_grad;
  const nets::Generator face = small_generator(1);
  const nets::Generator child = small_generator(2);
  const Blend layers = {.method = Blend::Method::kLayers, .weights = {1, 0.3, 0}};
  const Blend vtoonify = {.method = Blend::Method::kVtoonify, .weights = std::vector<double>(8, 0.6)};
  BlendedGenerator changing(face, child, split_at(16, Blend::Side::kChild));
  changing.prepare(at::kCPU, at::kFloat);
  const at::Tensor z = at::randn({1, 16});
  for (const Blend& blend : {layers, split_at(8, Blend::Side::kFace, 1), Blend{}, vtoonify, layers}) {
    changing.set(blend);
    BlendedGenerator fresh(face, child, blend);
    fresh.prepare(at::kCPU, at::kFloat);
    nets::Generator a = changing.generator(), b = fresh.generator();
    EXPECT_TRUE(at::equal(a->synthesize(a->map(z)), b->synthesize(b->map(z))));
  }
}

TEST(BlendedGenerator, RefusesDifferentShapes) {
  nets::GeneratorOptions options = testing::small_generator_options();
  options.channels[8] = 5;
  EXPECT_THROW(BlendedGenerator(small_generator(1), nets::Generator(options), {}), Error);
}

TEST(BlendedGenerator, RefusesAChildOfAnotherFamily) {
  const SmallModels models;
  nets::save_network(models.folder() / "child.safetensors", small_generator(2), "other", {});
  EXPECT_THROW(BlendedGenerator{models.style()}, Error);
}

TEST(BlendedGenerator, IsTheFaceWhereThereIsNoChild) {
  const SmallModels models;
  Style style = models.style();
  style.child.clear();
  const checkpoint::NamedTensors of_face =
      nets::named_tensors(*nets::load_generator(checkpoint::CheckpointFile(style.face)));
  for (const auto& [name, tensor] : nets::named_tensors(*BlendedGenerator(style).generator())) {
    EXPECT_TRUE(at::equal(tensor, of_face.at(name))) << name;
  }
}

}  // namespace
}  // namespace toonmirror::toon
