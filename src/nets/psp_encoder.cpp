#include "nets/psp_encoder.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "nets/checkpoint_layout.h"
#include "nets/import_generator.h"
#include "nets/model_file.h"

namespace toonmirror::nets {
namespace {

using checkpoint::NamedTensors;

constexpr double kStyleSlope = 0.01;  // of the leaky ReLU
constexpr int64_t kMinDepth = 4;      // of the level c3; p2 and p1 follow
constexpr int64_t kLevels = 3;
constexpr const char* kLatentAvg = "latent_avg";
constexpr const char* kCounterEnding = ".num_batches_tracked";

// [N, C, h, w] as large as `other`; the corners stay where they are.
at::Tensor enlarged(const at::Tensor& x, const at::Tensor& other) {
  return at::upsample_bilinear2d(x, {other.size(2), other.size(3)}, /*align_corners=*/true);
}

// The tensor of that name with that many dimensions.
const at::Tensor& require(const NamedTensors& tensors, const std::string& name, int64_t rank,
                          const std::string& where) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw Error(where + ": its encoder lacks the tensor " + name);
  if (found->second.dim() != rank) {
    throw Error(where + ": tensor " + name + " of its encoder is " + shape_text(found->second.sizes()) +
                ", not of " + std::to_string(rank) + " dimensions");
  }
  return found->second;
}

std::string conv_name(int64_t style, int64_t conv) {
  // Between two convolutions lies an activation without parameters.
  return "styles." + std::to_string(style) + ".convs." + std::to_string(2 * conv) + ".weight";
}

void check_shape(const std::string& name, const at::Tensor& tensor, const at::Tensor& wanted,
                 const std::string& where) {
  if (tensor.sizes() == wanted.sizes()) return;
  throw Error(where + ": tensor " + name + " of its encoder is " + shape_text(tensor.sizes()) +
              " instead of " + shape_text(wanted.sizes()));
}

// One row per style, whichever way a file has it.
at::Tensor average_rows(const NamedTensors& tensors, const at::Tensor& wanted, const std::string& where) {
  const auto found = tensors.find(kLatentAvg);
  if (found == tensors.end()) return at::zeros_like(wanted);
  at::Tensor rows = found->second.dim() == 1 && found->second.size(0) == wanted.size(1)
                        ? found->second.expand(wanted.sizes())
                        : found->second;
  check_shape(kLatentAvg, rows, wanted, where);
  return rows;
}

// The average latent of the generator that an encoder was saved with.
at::Tensor decoder_average(const checkpoint::CheckpointFile& file, std::vector<std::string>& notes) {
  const std::optional<GeneratorWeights> decoder = find_generator(file);
  if (!decoder) {
    throw Error(file.path().string() + ": lacks the tensor " + kLatentAvg +
                ", and a decoder whose average could stand for it");
  }
  notes.emplace_back("has no average latent: that of its decoder, the mean of 10,000 mapped seeds, is taken");
  return decoder->tensors.at("mapping.w_avg");
}

}  // namespace

std::string psp_encoder_type(PspFlavour flavour) {
  return flavour == PspFlavour::kPsp ? "GradualStyleEncoder" : "Encoder4Editing";
}

PspFlavour psp_flavour(const std::string& encoder_type, const std::string& where) {
  for (const PspFlavour flavour : {PspFlavour::kPsp, PspFlavour::kE4e}) {
    if (encoder_type == psp_encoder_type(flavour)) return flavour;
  }
  throw Error(where + ": holds an encoder of the unknown type '" + encoder_type + "'",
              "pSp's GradualStyleEncoder and e4e's Encoder4Editing are supported");
}

void PspEncoderOptions::check() const {
  // Far beyond any encoder there is: what a broken file can make this program allocate.
  constexpr int64_t kMaxWidth = 1024, kMaxStyles = 32;
  const auto check_range = [](const char* name, int64_t value, int64_t low, int64_t high) {
    if (value >= low && value <= high) return;
    throw Error("encoder whose " + std::string(name) + " is " + std::to_string(value),
                "possible are " + std::to_string(low) + " to " + std::to_string(high));
  };
  check_range("number of input channels", input_channels, 1, 64);
  for (const int64_t width : widths) check_range("width", width, IrSe50::kGateReduction, kMaxWidth);
  check_range("style dimension", style_dim, 1, kMaxWidth);
  check_range("number of styles", style_count(), 1, kMaxStyles);
  for (const int64_t depth : style_depths) {
    check_range("number of convolutions for a style", depth, kMinDepth, kMinDepth + kLevels - 1);
  }
}

PspEncoderOptions psp_options_from_tensors(const NamedTensors& tensors, PspFlavour flavour,
                                           const std::string& where) {
  PspEncoderOptions options;
  options.flavour = flavour;
  options.input_channels = require(tensors, "input_layer.0.weight", 4, where).size(1);
  int64_t first_unit = 0;
  for (size_t stage = 0; stage < options.widths.size(); ++stage) {
    const std::string name = "body." + std::to_string(first_unit) + ".res_layer.1.weight";
    options.widths[stage] = require(tensors, name, 4, where).size(0);
    first_unit += IrSe50::kUnits[stage];
  }
  options.style_dim = require(tensors, conv_name(0, 0), 4, where).size(0);
  for (int64_t style = 0; tensors.contains(conv_name(style, 0)); ++style) {
    int64_t depth = 1;
    while (tensors.contains(conv_name(style, depth))) ++depth;
    options.style_depths.push_back(depth);
  }
  try {
    options.check();
  } catch (const Error& error) {
    throw Error(where + ": " + error.what(), error.hint());
  }
  return options;
}

StyleHeadImpl::StyleHeadImpl(int64_t in, int64_t out, int64_t depth) {
  const auto list = register_module("convs", torch::nn::Sequential());
  for (int64_t i = 0; i < depth; ++i) {
    convs_.emplace_back(Convolution(i == 0 ? in : out, out, 3, /*stride=*/2, /*with_bias=*/true));
    list->push_back(convs_.back());
    list->push_back(torch::nn::LeakyReLU(torch::nn::LeakyReLUOptions().negative_slope(kStyleSlope)));
  }
  linear_ = register_module("linear", FullyConnected(out, out, /*activate=*/false));
}

at::Tensor StyleHeadImpl::forward(const at::Tensor& x) {
  at::Tensor y = x;
  for (Convolution& conv : convs_) {
    y = conv->forward(y);
    if (!conv->prepared()) y = at::leaky_relu(y, kStyleSlope);
  }
  return linear_->forward(y.to(at::kFloat).flatten(1));
}

void StyleHeadImpl::prepare(at::ScalarType type) {
  for (Convolution& conv : convs_) conv->prepare(type, {.slope = kStyleSlope});
}

PspEncoderImpl::PspEncoderImpl(const PspEncoderOptions& options)
    // Checked before anything is allocated.
    : options_((options.check(), options)), backbone_(*this, options.input_channels, options.widths) {
  const int64_t features = options_.widths[3];
  latlayer1_ =
      register_module("latlayer1", Convolution(options_.widths[2], features, 1, 1, /*with_bias=*/true));
  latlayer2_ =
      register_module("latlayer2", Convolution(options_.widths[1], features, 1, 1, /*with_bias=*/true));
  const auto list = register_module("styles", torch::nn::ModuleList());
  for (const int64_t depth : options_.style_depths) {
    styles_.emplace_back(StyleHead(features, options_.style_dim, depth));
    list->push_back(styles_.back());
  }
  latent_avg_ = register_buffer(kLatentAvg, torch::zeros({options_.style_count(), options_.style_dim}));
}

at::Tensor PspEncoderImpl::forward(const at::Tensor& x) {
  if (x.dim() != 4 || x.size(1) != options_.input_channels || x.size(2) != kPspInputSize_px ||
      x.size(3) != kPspInputSize_px) {
    throw Error("the encoder takes pictures of " +
                shape_text({options_.input_channels, kPspInputSize_px, kPspInputSize_px}) + ", not " +
                shape_text(x.sizes()));
  }
  const IrSeFeatures features = backbone_(x);
  const at::Tensor p2 = enlarged(features.c3, features.c2) + latlayer1_->forward(features.c2);
  const at::Tensor p1 = enlarged(p2, features.c1) + latlayer2_->forward(features.c1);
  const std::array<at::Tensor, kLevels> levels = {features.c3, p2, p1};

  std::vector<at::Tensor> rows;
  for (size_t i = 0; i < styles_.size(); ++i) {
    at::Tensor row = styles_[i]->forward(levels[options_.style_depths[i] - kMinDepth]);
    if (options_.flavour == PspFlavour::kE4e && i > 0) row = row + rows.front();
    rows.push_back(row);
  }
  return at::stack(rows, 1);
}

void PspEncoderImpl::prepare(at::ScalarType type) {
  backbone_.prepare(type);
  latlayer1_->prepare(type);
  latlayer2_->prepare(type);
  for (StyleHead& style : styles_) style->prepare(type);
}

PspEncoder load_psp_encoder(const PspEncoderOptions& options, const NamedTensors& tensors,
                            const std::string& where) {
  PspEncoder encoder(options);
  const at::NoGradGuard no_grad;
  const auto parameters = encoder->named_parameters(), buffers = encoder->named_buffers();
  const auto superfluous = std::find_if(tensors.begin(), tensors.end(), [&](const auto& item) {
    return !parameters.contains(item.first) && !buffers.contains(item.first);
  });
  if (superfluous != tensors.end()) {
    throw Error(where + ": its encoder has a tensor that the network lacks: " + superfluous->first);
  }
  for (const auto& item : parameters) {
    const at::Tensor& tensor = require(tensors, item.key(), item.value().dim(), where);
    check_shape(item.key(), tensor, item.value(), where);
    item.value().set_data(tensor.to(at::kFloat).contiguous());
  }
  for (const auto& item : buffers) {
    const at::Tensor& target = item.value();
    if (item.key() == kLatentAvg) {
      target.copy_(average_rows(tensors, target, where));
    } else if (!item.key().ends_with(kCounterEnding)) {  // counters mean nothing in evaluation
      const at::Tensor& tensor = require(tensors, item.key(), target.dim(), where);
      check_shape(item.key(), tensor, target, where);
      target.copy_(tensor);
    }
  }
  encoder->eval();
  return encoder;
}

std::optional<PspEncoderWeights> find_psp_encoder(const checkpoint::CheckpointFile& file) {
  const std::string where = file.path().string();
  const std::vector<std::string> places =
      network_prefixes(file, {"input_layer.0.weight", "latlayer1.weight"});
  // One that lacks these as well is broken, and said to be so.
  const std::string prefix = places.empty() ? "state_dict.encoder." : places.front();
  PspEncoderWeights result;
  result.tensors = tensors_below(file, prefix);
  if (result.tensors.empty()) return std::nullopt;

  const nlohmann::json opts = file.settings().value("opts", nlohmann::json::object());
  const auto type = opts.find("encoder_type");
  if (type == opts.end() || !type->is_string()) {
    throw Error(where + ": lacks the setting opts.encoder_type, which says what its encoder is");
  }
  const PspFlavour flavour = psp_flavour(type->get<std::string>(), where);
  result.source =
      (flavour == PspFlavour::kPsp ? "eladrich/pixel2style2pixel, " : "omertov/encoder4editing, ") +
      psp_encoder_type(flavour);
  result.options = psp_options_from_tensors(result.tensors, flavour, where);
  // models/psp.py, forward: the average is added where training started from it.
  const auto from_average = opts.find("start_from_latent_avg");
  if (from_average == opts.end() || *from_average != false) {
    const std::string average = nearest_tensor(file, prefix, kLatentAvg);
    result.tensors[kLatentAvg] = average.empty() ? decoder_average(file, result.notes) : file.tensor(average);
  }
  return result;
}

}  // namespace toonmirror::nets
