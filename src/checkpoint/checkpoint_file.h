// A model file of any public format, recognised by what is in it, never by its name:
//   safetensors          huggingface/safetensors README, "Format"
//   TensorFlow pickle    NVlabs/stylegan2 dnnlib/tflib/network.py: (G, D, Gs) of Network
//   ADA pickle           NVlabs/stylegan2-ada-pytorch torch_utils/persistence.py
//   PyTorch zip, legacy  torch/serialization.py, torch.save since and before version 1.6
// A pickle is a program; none of it is run. An own machine (pickle_machine.h) builds values that do nothing,
// knows the few constructors that weight files need, and refuses everything else by name. Every length is
// compared with the file before memory is taken.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "checkpoint/safetensors.h"

namespace toonmirror::checkpoint {

enum class Format { kSafetensors, kTensorFlowPickle, kAdaPickle, kTorchZip, kTorchLegacy };

// For people and for JSON: "safetensors", "TensorFlow pickle", …
std::string format_name(Format format);

struct TensorEntry {
  at::ScalarType dtype;
  std::vector<int64_t> shape;
};

// An open file: memory-mapped, tensors are read when asked for. Copies share the mapping; tensors stay valid
// when the object is gone. All functions may be called from several threads at once.
class CheckpointFile {
 public:
  // Throws Error when the file is missing, is something else (it says what), is cut off, contradicts itself,
  // refers to anything but the constructors of weight files, or holds no tensor.
  explicit CheckpointFile(const std::filesystem::path& path);

  Format format() const;
  const std::filesystem::path& path() const;

  // The __metadata__ of a safetensors file, otherwise empty.
  const Metadata& metadata() const;

  // Every tensor of the file. A name is the path to it: dictionary keys, attributes of objects and indices of
  // lists and tuples, joined with '.': "g_ema.conv1.conv.weight", "2.variables.dlatent_avg".
  //   - A TensorFlow network's `variables`, a list of (name, value), count as a dictionary; there numpy
  //   scalars
  //     are tensors of no dimension: "2.components.synthesis.variables.4x4/Const/const".
  //   - A file that is nothing but one tensor calls it "tensor".
  //   - A module's `_parameters`, `_buffers` and `_modules` add no level: "G_ema.synthesis.b4.conv1.weight".
  const std::map<std::string, TensorEntry>& tensors() const;

  // A tensor on the CPU with the shape and type of its entry, in whatever strides the file has it. A view of
  // the mapped file where alignment and byte order allow, else a copy; writing to it never changes the file.
  // Throws Error naming file and tensor when there is none, or its bytes do not match their checksum.
  at::Tensor tensor(const std::string& name) const;

  // Everything but the tensors, in the structure of the file: dictionaries and objects as objects, lists,
  // tuples and sets as arrays: settings()[2]["static_kwargs"]["resolution"],
  // settings()["G_ema"]["synthesis"]["b4"]["conv1"]["conv_clamp"], settings()["opts"]["output_size"].
  //   - A tensor in a dictionary is left out; in a list it is null, so that indices stay right.
  //   - An object carries its class in "__class__": "argparse.Namespace"; what torch_utils.persistence
  //   rebuilt
  //     has "class_name" instead, since its module is only text.
  //   - Source code, hooks and other internals of modules, and texts above 4 KiB are left out.
  // An empty object for safetensors. Never nested more than 100 levels deep.
  const nlohmann::json& settings() const;

 private:
  struct Contents;

  std::shared_ptr<const Contents> contents_;
};

}  // namespace toonmirror::checkpoint
