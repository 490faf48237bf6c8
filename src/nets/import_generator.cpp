#include "nets/import_generator.h"

#include "base/error.h"
#include "nets/generator_names.h"
#include "nets/model_file.h"

namespace toonmirror::nets {
namespace {

constexpr int64_t kMeanLatentSamples = 10000;

// What a file without an average latent means by truncation: towards the mean of many mapped z
// (rosinality/stylegan2-pytorch model.py, mean_latent).
at::Tensor mean_latent(const GeneratorWeights& weights, const std::string& where) {
  const at::NoGradGuard no_grad;
  Mapping mapping(weights.options);
  checkpoint::NamedTensors tensors = {{"w_avg", at::zeros({weights.options.w_dim})}};
  for (const auto& [name, tensor] : weights.tensors) {
    constexpr std::string_view kPrefix = "mapping.";
    if (name.starts_with(kPrefix)) tensors[name.substr(kPrefix.size())] = tensor;
  }
  assign_tensors(*mapping, tensors, where);
  const at::Generator random = at::detail::createCPUGenerator(/*seed_val=*/0);
  return mapping->forward(at::randn({kMeanLatentSamples, weights.options.z_dim}, random)).mean(0);
}

}  // namespace

std::vector<int64_t> TensorSource::shape(const std::string& name, size_t rank) const {
  const auto found = file_->tensors().find(prefix_ + name);
  if (found == file_->tensors().end()) fail("lacks the tensor " + prefix_ + name);
  if (found->second.shape.size() != rank) {
    fail("its tensor " + prefix_ + name + " has " + std::to_string(found->second.shape.size()) +
         " dimensions instead of " + std::to_string(rank));
  }
  return found->second.shape;
}

void TensorSource::require_shape(const std::string& name, const std::vector<int64_t>& shape) const {
  const std::vector<int64_t> given = this->shape(name, shape.size());
  if (given == shape) return;
  fail("its tensor " + prefix_ + name + " is " + shape_text(given) + " instead of " + shape_text(shape));
}

void TensorSource::fail(const std::string& problem, const std::string& hint) const {
  throw Error(file_->path().string() + ": " + problem, hint);
}

void require_setting(const TensorSource& source, const nlohmann::json& settings, const std::string& key,
                     const nlohmann::json& supported) {
  if (!settings.is_object()) return;
  const auto found = settings.find(key);
  if (found == settings.end() || *found == supported) return;
  source.fail("its generator has " + key + " = " + found->dump() + "; only " + supported.dump() +
              " is supported");
}

void read_mapping_shape(const TensorSource& source, const std::string& weights, int64_t first, bool in_first,
                        GeneratorOptions& options) {
  const auto name_of = [&](int64_t layer) {
    std::string name = weights;
    return name.replace(name.find('#'), 1, std::to_string(first + layer));
  };
  const size_t in = in_first ? 0 : 1, out = 1 - in;
  options.z_dim = source.shape(name_of(0), 2)[in];
  const int64_t between = source.shape(name_of(0), 2)[out];
  for (options.mapping_layers = 0; source.contains(name_of(options.mapping_layers));
       ++options.mapping_layers) {
    options.w_dim = source.shape(name_of(options.mapping_layers), 2)[out];
  }
  options.mapping_dim = between == options.w_dim ? 0 : between;
}

void require_blur_filter(const TensorSource& source, const at::Tensor& filter) {
  const at::Tensor line = at::tensor({1.0f, 3.0f, 3.0f, 1.0f}) / 8.0;
  if (filter.sizes() == std::vector<int64_t>{4, 4} && at::allclose(filter, at::outer(line, line))) return;
  source.fail("its generator blurs with another filter than [1, 3, 3, 1]");
}

std::optional<GeneratorWeights> find_generator(const checkpoint::CheckpointFile& file) {
  std::optional<GeneratorWeights> result = house_generator(file);
  if (!result) result = tensorflow_generator(file);
  if (!result) result = ada_generator(file);
  if (!result) result = rosinality_generator(file);
  if (!result) return result;
  try {
    result->options.check();
  } catch (const Error& error) {
    throw Error(file.path().string() + ": " + error.what());
  }
  if (!result->tensors.contains("mapping.w_avg")) {
    result->tensors["mapping.w_avg"] = mean_latent(*result, file.path().string());
    result->notes.emplace_back("has no average latent: the mean of 10,000 mapped seeds is taken");
  }
  return result;
}

}  // namespace toonmirror::nets
