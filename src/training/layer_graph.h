// Small public networks given as plain data: NAME.json (a list of layers) and NAME.safetensors (folded
// weights). They serve as losses and metrics during training and are never shipped. Operations: conv, fc,
// add, concat, maxpool, chpad, gap, each with an optional relu or prelu.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace toonmirror::training {

class LayerGraph {
 public:
  // Reads folder/NAME.json and folder/NAME.safetensors; weights are kept in `type`. `output_count` > 0 keeps
  // that many of the network's outputs and leaves out the layers only later ones need. Throws Error when a
  // file is missing or the graph has an operation not listed above.
  LayerGraph(const std::filesystem::path& folder, const std::string& name, at::ScalarType type,
             size_t output_count = 0);

  // input [N, C, H, W] → the outputs, in the order of the file. Differentiable in the input.
  std::vector<at::Tensor> forward(const at::Tensor& input) const;

 private:
  struct Layer {
    std::string operation, activation, output;
    std::vector<std::string> inputs;
    at::Tensor weight, bias, slope;
    std::vector<int64_t> padding;  // top, bottom, left, right
    int64_t stride = 1, groups = 1, kernel = 0, extra = 0, axis = 1;
    bool ceil = false;
  };

  at::Tensor run(const Layer& layer, const std::vector<at::Tensor>& inputs) const;

  std::vector<Layer> layers_;
  std::string input_;
  std::vector<std::string> outputs_;
  at::ScalarType type_;
};

}  // namespace toonmirror::training
