// House model files: one network = one .safetensors whose metadata says what it is.
//   toonmirror.kind           "generator" or "encoder"
//   toonmirror.architecture   the network's options as JSON
//   toonmirror.family         latents of one family fit all its generators (a face model and its style
//   children) licence, provenance, …    free text
#pragma once

#include <filesystem>
#include <string>

#include "checkpoint/safetensors.h"
#include "nets/house_encoder.h"
#include "nets/stylegan2.h"

namespace toonmirror::nets {

inline constexpr const char* kKindKey = "toonmirror.kind";
inline constexpr const char* kArchitectureKey = "toonmirror.architecture";
inline constexpr const char* kFamilyKey = "toonmirror.family";

std::string architecture_json(const GeneratorOptions& options);
std::string architecture_json(const HouseEncoderOptions& options);

// Build the network a file describes and read its weights (as float). Throw Error naming the file when its
// kind is another, its architecture is not understood, or a tensor is missing, superfluous or of another
// shape.
Generator load_generator(const checkpoint::SafetensorsFile& file);
HouseEncoder load_house_encoder(const checkpoint::SafetensorsFile& file);

// All parameters and buffers of a module by name, detached.
checkpoint::NamedTensors named_tensors(const torch::nn::Module& module);
// Copies tensors into a module's parameters and buffers; names and shapes must agree. `where` begins error
// messages.
void assign_tensors(torch::nn::Module& module, const checkpoint::NamedTensors& tensors,
                    const std::string& where);

// Writes a network as fp16. `metadata` adds to (or replaces) kind, architecture and family.
void save_network(const std::filesystem::path& path, const Generator& generator, const std::string& family,
                  checkpoint::Metadata metadata);
void save_network(const std::filesystem::path& path, const HouseEncoder& encoder, const std::string& family,
                  checkpoint::Metadata metadata);

}  // namespace toonmirror::nets
