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

TEST(BlendGenerators, TakesEachBlockFromItsSide) {
  const nets::Generator face = small_generator(1);
  const nets::Generator child = small_generator(2);
  const checkpoint::NamedTensors of_face = nets::named_tensors(*face);
  const checkpoint::NamedTensors of_child = nets::named_tensors(*child);
  for (const auto structure : {Blend::Side::kFace, Blend::Side::kChild}) {
    const Blend blend{.resolution = 16, .structure = structure};
    for (const auto& [name, tensor] : nets::named_tensors(*blend_generators(face, child, blend))) {
      const int block = block_of(name);
      const bool from_child = block > 0 && (block < 16) == (structure == Blend::Side::kChild);
      EXPECT_TRUE(at::equal(tensor, (from_child ? of_child : of_face).at(name))) << name;
    }
  }
}

TEST(BlendGenerators, InterpolatesWithinTheWidth) {
  const nets::Generator face = small_generator(1);
  const nets::Generator child = small_generator(2);
  const Blend blend{.resolution = 16, .width = 4};
  const double share = blend.child_share(16);
  ASSERT_GT(share, 0);
  ASSERT_LT(share, 1);
  const std::string name = "synthesis.b16.conv0.weight";
  const at::Tensor a = nets::named_tensors(*face).at(name);
  const at::Tensor b = nets::named_tensors(*child).at(name);
  const at::Tensor blended = nets::named_tensors(*blend_generators(face, child, blend)).at(name);
  EXPECT_TRUE(at::allclose(blended, a + share * (b - a)));
}

TEST(BlendGenerators, RefusesDifferentShapes) {
  nets::GeneratorOptions options = testing::small_generator_options();
  options.channels[8] = 5;
  EXPECT_THROW(blend_generators(small_generator(1), nets::Generator(options), {}), Error);
}

TEST(LoadBlendedGenerator, RefusesAChildOfAnotherFamily) {
  const SmallModels models;
  nets::save_network(models.folder() / "child.safetensors", small_generator(2), "other", {});
  EXPECT_THROW(load_blended_generator(models.style()), Error);
}

TEST(LoadBlendedGenerator, IsTheFaceWhereThereIsNoChild) {
  const SmallModels models;
  Style style = models.style();
  style.child.clear();
  const checkpoint::NamedTensors of_face =
      nets::named_tensors(*nets::load_generator(checkpoint::SafetensorsFile(style.face)));
  for (const auto& [name, tensor] : nets::named_tensors(*load_blended_generator(style))) {
    EXPECT_TRUE(at::equal(tensor, of_face.at(name))) << name;
  }
}

}  // namespace
}  // namespace toonmirror::toon
