#include "toon/latents.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "checkpoint/safetensors.h"
#include "fixtures.h"

namespace toonmirror::toon {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Latents : public ::testing::Test {
 protected:
  std::filesystem::path written(const checkpoint::NamedTensors& tensors,
                                const checkpoint::Metadata& metadata = {}) {
    const std::filesystem::path path = folder_ / "x.safetensors";
    checkpoint::write_safetensors(path, tensors, metadata);
    return path;
  }

  toonmirror::testing::TemporaryFolder folder_;
  const nets::GeneratorOptions options_ = testing::small_generator_options();  // 8 rows of 16
};

TEST_F(Latents, ComeBackAsTheyWereSaved) {
  SavedLatents latents;
  latents.ws = at::randn({2, 8, 16});
  latents.features[32] = at::randn({2, 3, 32, 32});
  latents.family = "small";
  save_latents(folder_ / "a.safetensors", latents);
  const SavedLatents again = load_latents(folder_ / "a.safetensors");
  EXPECT_TRUE(at::equal(again.ws, latents.ws));
  EXPECT_EQ(again.family, "small");
  ASSERT_EQ(again.features.size(), 1U);
  EXPECT_TRUE(at::allclose(again.features.at(32), latents.features[32], 1e-3, 1e-3));
  EXPECT_NO_THROW(check_latents(again, options_, "small", "a"));
  EXPECT_NO_THROW(check_latents(again, options_, "", "a"));  // public generators name no family
}

TEST_F(Latents, OfOtherProgramsAreOneTensor) {
  EXPECT_EQ(load_latents(written({{"w", at::ones({8, 16})}})).ws.sizes(), at::IntArrayRef({1, 8, 16}));
  EXPECT_EQ(load_latents(written({{"w", at::ones({1, 8, 16})}})).ws.sizes(), at::IntArrayRef({1, 8, 16}));
  const auto refused = [this](const checkpoint::NamedTensors& tensors, const char* words) {
    EXPECT_THAT([&] { load_latents(written(tensors)); }, ThrowsMessage<Error>(HasSubstr(words)));
  };
  refused({{"a", at::ones({8, 16})}, {"b", at::ones({2})}}, "2 tensors");
  refused({{"w", at::ones({16})}}, "[16]");
  refused({{"w", at::full({8, 16}, NAN)}}, "not finite");
}

TEST_F(Latents, ThatDoNotFitTheGeneratorAreExplained) {
  SavedLatents latents;
  latents.ws = at::zeros({1, 8, 16});
  latents.family = "small";
  const auto refused = [&](const std::string& family, const char* words) {
    EXPECT_THAT([&] { check_latents(latents, options_, family, "a"); },
                ThrowsMessage<Error>(HasSubstr(words)));
  };
  refused("other", "family small");
  latents.features[16] = at::zeros({1, 3, 16, 16});
  refused("small", "likeness");
  latents.ws = at::zeros({1, 14, 512});
  refused("small", "14 rows of 512");
}

TEST_F(Latents, FeaturesOfAnotherShapeAreRefused) {
  const checkpoint::Metadata metadata = {{"toonmirror.kind", "latent"}};
  const at::Tensor ws = at::zeros({1, 8, 16});
  for (const char* name : {"likeness.32", "likeness.", "likeness.x2"}) {
    EXPECT_THAT(
        [&] {
          load_latents(written({{"ws", ws}, {name, at::zeros({1, 3, 16, 16})}}, metadata));
        },
        ThrowsMessage<Error>(HasSubstr(name)));
  }
}

TEST_F(Latents, DirectionsOfAnotherFamilyAreRefused) {
  const std::filesystem::path path = folder_ / "d.safetensors";
  checkpoint::write_safetensors(path, {{"direction", at::ones({16})}}, {{kFamilyKey, "house"}});
  EXPECT_NO_THROW(load_direction(path, 8, 16, "house"));
  EXPECT_NO_THROW(load_direction(path, 8, 16));
  EXPECT_THROW(load_direction(path, 8, 16, "another"), Error);
}

TEST_F(Latents, DirectionsAreOfWOrOfEveryRow) {
  EXPECT_EQ(load_direction(written({{"d", at::ones({1, 16})}}), 8, 16).sizes(), at::IntArrayRef({1, 1, 16}));
  EXPECT_EQ(load_direction(written({{"d", at::ones({1, 8, 16})}}), 8, 16).sizes(),
            at::IntArrayRef({1, 8, 16}));
  EXPECT_THAT(
      [&] {
        load_direction(written({{"d", at::ones({17})}}), 8, 16);
      },
      ThrowsMessage<Error>(HasSubstr("[17]")));
}

}  // namespace
}  // namespace toonmirror::toon
