// The ways to name a StyleGAN2 generator's tensors; see import_generator.h. Internal.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "nets/import_generator.h"

namespace toonmirror::nets {

// The tensors of a file below a prefix, in float.
class TensorSource {
 public:
  TensorSource(const checkpoint::CheckpointFile& file, std::string prefix)
      : file_(&file), prefix_(std::move(prefix)) {}

  bool contains(const std::string& name) const { return file_->tensors().contains(prefix_ + name); }
  // Shape of a tensor; throws Error where it is missing or has another number of dimensions.
  std::vector<int64_t> shape(const std::string& name, size_t rank) const;
  // Throws Error, naming the tensor as the file does, where it is missing or has another shape.
  void require_shape(const std::string& name, const std::vector<int64_t>& shape) const;
  // The tensor itself; throws Error where it is missing.
  at::Tensor tensor(const std::string& name) const { return file_->tensor(prefix_ + name).to(at::kFloat); }
  [[noreturn]] void fail(const std::string& problem, const std::string& hint = {}) const;

 private:
  const checkpoint::CheckpointFile* file_;
  std::string prefix_;
};

// Where the settings of a checkpoint say something that the generators drawn here do not do.
void require_setting(const TensorSource& source, const nlohmann::json& settings, const std::string& key,
                     const nlohmann::json& supported);

// Number and widths of the mapping network's layers, whose weights have the name `weights` with their number, from
// `first` on, in place of the '#'. They are [out, in], or [in, out] in files of TensorFlow. Throws Error where there is
// not even the first.
void read_mapping_shape(const TensorSource& source, const std::string& weights, int64_t first, bool in_first,
                        GeneratorOptions& options);

// Throws Error unless the filter is the one every supported generator blurs with, outer([1,3,3,1]).
void require_blur_filter(const TensorSource& source, const at::Tensor& filter);

// Each: the generator in the file, nothing where the file is not of that code base.
std::optional<GeneratorWeights> house_generator(const checkpoint::CheckpointFile& file);
std::optional<GeneratorWeights> tensorflow_generator(const checkpoint::CheckpointFile& file);
std::optional<GeneratorWeights> ada_generator(const checkpoint::CheckpointFile& file);
std::optional<GeneratorWeights> rosinality_generator(const checkpoint::CheckpointFile& file);

}  // namespace toonmirror::nets
