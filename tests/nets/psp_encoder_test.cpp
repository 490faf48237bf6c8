#include "nets/psp_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "nets/model_file.h"
#include "support/temporary_folder.h"

namespace toonmirror::nets {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using toonmirror::testing::TemporaryFolder;

// Two stages of one width: units without a shortcut convolution that halve all the same.
PspEncoderOptions small_options(PspFlavour flavour) {
  PspEncoderOptions options;
  options.flavour = flavour;
  options.widths = {16, 16, 18, 20};
  options.style_dim = 12;
  options.style_depths = {4, 5, 5, 6};
  return options;
}

// Weights drawn at random, running statistics included.
checkpoint::NamedTensors random_tensors(const PspEncoderOptions& options) {
  const at::NoGradGuard no_grad;
  PspEncoder encoder(options);
  checkpoint::NamedTensors tensors = named_tensors(*encoder);
  for (auto& [name, tensor] : tensors) {
    if (tensor.dim() > 1) {
      tensor.normal_(0.0, 1.5 / std::sqrt(static_cast<double>(tensor[0].numel())));
    } else if (tensor.dim() == 1) {
      tensor.uniform_(0.5, 1.5);
    }
  }
  tensors["latent_avg"] = at::randn({options.style_count(), options.style_dim});
  return tensors;
}

PspEncoder random_encoder(PspFlavour flavour) {
  const PspEncoderOptions options = small_options(flavour);
  return load_psp_encoder(options, random_tensors(options), "test");
}

TEST(PspEncoderOptions, AreReadOffTheShapes) {
  PspEncoderOptions options = small_options(PspFlavour::kE4e);
  options.input_channels = 5;
  const PspEncoderOptions found =
      psp_options_from_tensors(named_tensors(*PspEncoder(options)), PspFlavour::kE4e, "test");
  EXPECT_EQ(found.flavour, options.flavour);
  EXPECT_EQ(found.input_channels, options.input_channels);
  EXPECT_EQ(found.widths, options.widths);
  EXPECT_EQ(found.style_dim, options.style_dim);
  EXPECT_EQ(found.style_depths, options.style_depths);
}

TEST(PspEncoderOptions, RefusesImpossibleShapes) {
  const auto broken = [](auto change) {
    PspEncoderOptions options = small_options(PspFlavour::kPsp);
    change(options);
    return options;
  };
  const auto cases = {broken([](auto& options) { options.widths[2] = 15; }),
                      broken([](auto& options) { options.style_dim = 0; }),
                      broken([](auto& options) { options.style_depths.clear(); }),
                      broken([](auto& options) { options.style_depths[1] = 7; }),
                      broken([](auto& options) { options.input_channels = -1; })};
  for (const PspEncoderOptions& options : cases) EXPECT_THROW(PspEncoder{options}, Error);
}

TEST(PspFlavour, IsWhatTheReferenceCallsIt) {
  for (const PspFlavour flavour : {PspFlavour::kPsp, PspFlavour::kE4e}) {
    EXPECT_EQ(psp_flavour(psp_encoder_type(flavour), "file"), flavour);
  }
  EXPECT_THAT([] { psp_flavour("ResNetGradualStyleEncoder", "a.pt"); },
              ThrowsMessage<Error>(HasSubstr("a.pt: holds an encoder of the unknown type 'ResNet")));
}

TEST(PspEncoder, OfE4eAddsTheFirstRowToTheOthers) {
  torch::manual_seed(1);
  const at::NoGradGuard no_grad;
  const PspEncoderOptions options = small_options(PspFlavour::kPsp);
  const checkpoint::NamedTensors tensors = random_tensors(options);
  const at::Tensor picture = at::rand({1, 3, 256, 256}) * 2 - 1;
  const at::Tensor rows = load_psp_encoder(options, tensors, "test")->forward(picture);
  PspEncoder e4e = load_psp_encoder(small_options(PspFlavour::kE4e), tensors, "test");
  const at::Tensor sums = e4e->forward(picture);
  EXPECT_TRUE(at::equal(sums.select(1, 0), rows.select(1, 0)));
  EXPECT_TRUE(at::allclose(sums.slice(1, 1), rows.slice(1, 1) + rows.slice(1, 0, 1)));
  EXPECT_TRUE(at::equal(e4e->w_plus(picture), sums + tensors.at("latent_avg")));
}

TEST(PspEncoder, ReadsEveryPictureOfABatchAlone) {
  torch::manual_seed(2);
  const at::NoGradGuard no_grad;
  PspEncoder encoder = random_encoder(PspFlavour::kE4e);
  const at::Tensor pictures = at::rand({3, 3, 256, 256}) * 2 - 1;
  const at::Tensor together = encoder->forward(pictures);
  EXPECT_EQ(together.sizes(), at::IntArrayRef({3, 4, 12}));
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(at::allclose(encoder->forward(pictures.narrow(0, i, 1))[0], together[i], 1e-3, 1e-4));
  }
}

TEST(PspEncoder, RefusesOtherPictures) {
  const at::NoGradGuard no_grad;
  PspEncoder encoder = random_encoder(PspFlavour::kPsp);
  EXPECT_THROW(encoder->forward(at::rand({1, 3, 128, 128})), Error);
  EXPECT_THROW(encoder->forward(at::rand({1, 1, 256, 256})), Error);
  EXPECT_THROW(encoder->forward(at::rand({3, 256, 256})), Error);
}

TEST(LoadPspEncoder, TakesTensorsOverWithoutACopy) {
  const PspEncoderOptions options = small_options(PspFlavour::kPsp);
  const checkpoint::NamedTensors tensors = random_tensors(options);
  const checkpoint::NamedTensors loaded = named_tensors(*load_psp_encoder(options, tensors, "test"));
  ASSERT_EQ(loaded.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_TRUE(at::equal(loaded.at(name), tensor)) << name;
    if (tensor.dim() > 1 && name != "latent_avg") {
      EXPECT_EQ(loaded.at(name).data_ptr(), tensor.data_ptr()) << name;
    }
  }
}

TEST(LoadPspEncoder, NeedsNeitherCountersNorAnAverageForEveryRow) {
  torch::manual_seed(3);
  const PspEncoderOptions options = small_options(PspFlavour::kPsp);
  checkpoint::NamedTensors tensors = random_tensors(options);
  std::erase_if(tensors, [](const auto& item) { return item.first.ends_with("num_batches_tracked"); });
  const at::Tensor row = at::randn({options.style_dim});
  tensors["latent_avg"] = row;
  const checkpoint::NamedTensors loaded = named_tensors(*load_psp_encoder(options, tensors, "test"));
  EXPECT_TRUE(at::equal(loaded.at("latent_avg"), row.expand({options.style_count(), -1})));
  tensors.erase("latent_avg");
  EXPECT_NO_THROW(load_psp_encoder(options, tensors, "test"));
}

TEST(LoadPspEncoder, NamesTheTensorThatDoesNotFit) {
  const PspEncoderOptions options = small_options(PspFlavour::kPsp);
  const checkpoint::NamedTensors tensors = random_tensors(options);
  const auto expect = [&](auto change, const char* message) {
    checkpoint::NamedTensors changed = tensors;
    change(changed);
    const auto load = [&] {
      load_psp_encoder(psp_options_from_tensors(changed, options.flavour, "a.pt"), changed, "a.pt");
    };
    EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr(message)));
  };
  expect([](auto& t) { t.erase("latlayer2.bias"); }, "a.pt: its encoder lacks the tensor latlayer2.bias");
  expect([](auto& t) { t.erase("body.4.res_layer.0.running_var"); },
         "lacks the tensor body.4.res_layer.0.running_var");
  expect([](auto& t) { t.erase("input_layer.0.weight"); }, "lacks the tensor input_layer.0.weight");
  expect([](auto& t) { t["body.24.res_layer.0.weight"] = at::ones({20}); },
         "lacks: body.24.res_layer.0.weight");
  expect([](auto& t) { t["styles.2.linear.bias"] = at::ones({13}); },
         "styles.2.linear.bias of its encoder is [13] instead of [12]");
  expect([](auto& t) { t["styles.1.convs.0.weight"] = at::ones({12}); }, "tensor styles.1.convs.0.weight");
  expect(
      [](auto& t) {
        t["latent_avg"] = at::ones({3, 12});
      },
      "tensor latent_avg of its encoder is [3, 12] instead of [4, 12]");
  expect(
      [](auto& t) {
        t["body.3.res_layer.1.weight"] = at::ones({8, 16, 3, 3});
      },
      "a.pt: encoder whose width is 8");
  expect(
      [](auto& t) {
        t.erase("styles.3.convs.10.weight");
        t.erase("styles.3.convs.6.weight");
      },
      "a.pt: encoder whose number of convolutions for a style is 3");
}

TEST(FindPspEncoder, LeavesOtherFilesAlone) {
  const TemporaryFolder folder;
  checkpoint::write_safetensors(folder / "a", {{"decoder.input.input", at::ones({1})}}, {});
  EXPECT_FALSE(find_psp_encoder(checkpoint::CheckpointFile(folder / "a")));
  checkpoint::write_safetensors(folder / "b", {{"state_dict.encoder.linear.weight", at::ones({1})}}, {});
  EXPECT_THAT([&] { find_psp_encoder(checkpoint::CheckpointFile(folder / "b")); },
              ThrowsMessage<Error>(HasSubstr("lacks the setting opts.encoder_type")));
}

}  // namespace
}  // namespace toonmirror::nets
