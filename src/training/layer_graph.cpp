#include "training/layer_graph.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "checkpoint/safetensors.h"

namespace toonmirror::training {

LayerGraph::LayerGraph(const std::filesystem::path& folder, const std::string& name, at::ScalarType type,
                       size_t output_count)
    : type_(type) {
  const std::filesystem::path graph_path = folder / (name + ".json");
  std::ifstream file(graph_path);
  if (!file)
    throw Error(graph_path.string() + ": cannot be opened", "give the folder that holds " + name + ".json");
  const checkpoint::SafetensorsFile weights(folder / (name + ".safetensors"));
  const auto weight = [&](const nlohmann::json& layer, const char* key) {
    at::Tensor result = weights.tensor(layer.at(key).get<std::string>()).to(type);
    return result.dim() == 4 ? result.contiguous(at::MemoryFormat::ChannelsLast) : result;
  };
  try {
    const nlohmann::json graph = nlohmann::json::parse(file);
    // Some files describe the input in words alone; its name is then the one that all use.
    input_ = graph.at("input").is_object() ? graph.at("input").at("name").get<std::string>() : "input";
    outputs_ = graph.at("outputs").get<std::vector<std::string>>();
    if (output_count > 0 && output_count < outputs_.size()) outputs_.resize(output_count);
    size_t found = 0;
    for (const nlohmann::json& entry : graph.at("layers")) {
      Layer layer;
      layer.operation = entry.at("op").get<std::string>();
      layer.inputs = entry.at("in").get<std::vector<std::string>>();
      layer.output = entry.at("out").get<std::string>();
      layer.activation = entry.value("act", "");
      if (layer.activation == "prelu") layer.slope = weight(entry, "slope");
      if (layer.operation == "conv" || layer.operation == "fc") {
        layer.weight = weight(entry, "weight");
        layer.bias = weight(entry, "bias");
      }
      layer.padding = entry.value("pad", std::vector<int64_t>{});
      layer.stride = entry.value("stride", int64_t{1});
      layer.groups = entry.value("groups", int64_t{1});
      layer.kernel = layer.operation == "maxpool" ? entry.at("kernel").get<int64_t>() : 0;
      layer.ceil = entry.value("ceil", false);
      layer.extra = entry.value("extra", int64_t{0});
      layer.axis = entry.value("axis", int64_t{1});
      layers_.push_back(std::move(layer));
      found += std::count(outputs_.begin(), outputs_.end(), layers_.back().output);
      if (found == outputs_.size()) break;
    }
  } catch (const nlohmann::json::exception& error) {
    throw Error(graph_path.string() + ": is not a layer graph: " + error.what());
  }
}

at::Tensor LayerGraph::run(const Layer& layer, const std::vector<at::Tensor>& inputs) const {
  const at::Tensor& x = inputs[0];
  if (layer.operation == "conv") {
    at::Tensor padded = x;
    int64_t symmetric = 0;
    if (!layer.padding.empty()) {
      const auto& p = layer.padding;
      const bool equal = std::all_of(p.begin(), p.end(), [&p](int64_t side) { return side == p[0]; });
      if (equal) {
        symmetric = p[0];
      } else {
        padded = at::constant_pad_nd(x, {p[2], p[3], p[0], p[1]});
      }
    }
    return at::conv2d(padded, layer.weight, layer.bias, layer.stride, symmetric, 1, layer.groups);
  }
  if (layer.operation == "fc") return at::linear(x.flatten(1), layer.weight, layer.bias);
  if (layer.operation == "add") return x + inputs[1];
  if (layer.operation == "concat") return at::cat(inputs, layer.axis);
  if (layer.operation == "maxpool") return at::max_pool2d(x, layer.kernel, layer.stride, 0, 1, layer.ceil);
  if (layer.operation == "gap") return x.mean({2, 3}, /*keepdim=*/true);
  if (layer.operation == "chpad") return at::constant_pad_nd(x, {0, 0, 0, 0, 0, layer.extra});
  throw Error("layer graph with an unknown operation: " + layer.operation);
}

std::vector<at::Tensor> LayerGraph::forward(const at::Tensor& input) const {
  std::map<std::string, at::Tensor> values = {
      {input_, input.to(type_).contiguous(at::MemoryFormat::ChannelsLast)}};
  for (const Layer& layer : layers_) {
    std::vector<at::Tensor> inputs;
    for (const std::string& name : layer.inputs) inputs.push_back(values.at(name));
    at::Tensor y = run(layer, inputs);
    if (layer.activation == "relu") y = at::relu(y);
    if (layer.activation == "prelu") y = at::prelu(y, layer.slope);
    values[layer.output] = y;
  }
  std::vector<at::Tensor> result;
  for (const std::string& name : outputs_) result.push_back(values.at(name));
  return result;
}

}  // namespace toonmirror::training
