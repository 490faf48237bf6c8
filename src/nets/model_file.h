// House model files: one network = one .safetensors whose metadata says what it is.
//   toonmirror.kind           "generator", "encoder" or "parser"
//   toonmirror.architecture   the network's options as JSON
//   toonmirror.family         latents of one family fit all its generators: a face model and its children
//   toonmirror.parent         a file beside it that holds all tensors it leaves out, such as layers a style child
//                             shares with the face model or a parser with its encoder
//   toonmirror.parent_checksum  of those tensors
//   licence, provenance, …    free text
#pragma once

#include <filesystem>
#include <string>

#include "base/model_keys.h"
#include "checkpoint/checkpoint_file.h"
#include "nets/face_parser.h"
#include "nets/house_encoder.h"
#include "nets/stylegan2.h"

namespace toonmirror::nets {

std::string architecture_json(const GeneratorOptions& options);
std::string architecture_json(const HouseEncoderOptions& options);
std::string architecture_json(const FaceParserOptions& options);

// Build the network a file holds and read its weights (as float). Generators may be in any public format
// (nets/import_generator.h). Throw Error naming the file when it holds no such network, its architecture is
// not understood, a tensor is missing, superfluous or of another shape, or the parent it refers to is missing
// or another one.
Generator load_generator(const checkpoint::CheckpointFile& file);
HouseEncoder load_house_encoder(const checkpoint::CheckpointFile& file);
// From a parser's file, or from an encoder's: what it learned beside its latents.
FaceParser load_face_parser(const checkpoint::CheckpointFile& file);

// Whether the file is a model file of our own that says it holds a network of that kind.
bool is_house_file(const checkpoint::CheckpointFile& file, const std::string& kind);

// The family a house file belongs to; empty for files that do not say, such as public checkpoints.
std::string family_of(const checkpoint::CheckpointFile& file);

// Whether latents of one file's network can fit the other's: not when both name families that differ.
bool may_share_latents(const checkpoint::CheckpointFile& a, const checkpoint::CheckpointFile& b);

// "[512, 512, 3, 3]".
std::string shape_text(at::IntArrayRef shape);

// All parameters and buffers of a module by name, detached.
checkpoint::NamedTensors named_tensors(const torch::nn::Module& module);
// Throws Error unless the tensors have the names and shapes of the module's parameters and buffers. `where`
// begins its message.
void check_tensors(const torch::nn::Module& module, const checkpoint::NamedTensors& tensors,
                   const std::string& where);
// Copies tensors into a module's parameters and buffers; names and shapes must agree. Each is given up as
// soon as it is copied, so that large networks need not be in memory twice.
void assign_tensors(torch::nn::Module& module, checkpoint::NamedTensors tensors, const std::string& where);

// The same for an earlier network that may lack what the architecture has gained since: that stays as it is.
void assign_earlier(torch::nn::Module& module, const torch::nn::Module& earlier, const std::string& where);

// Writes a network as fp16. `metadata` adds to (or replaces) kind, architecture and family.
void save_network(const std::filesystem::path& path, const Generator& generator, const std::string& family,
                  checkpoint::Metadata metadata);
// The same for a child of the generator in `parent`, without the tensors that both hold: the child is to be
// kept in one folder with its parent.
void save_child(const std::filesystem::path& path, const Generator& generator,
                const checkpoint::CheckpointFile& parent, checkpoint::Metadata metadata);
void save_network(const std::filesystem::path& path, const HouseEncoder& encoder, const std::string& family,
                  checkpoint::Metadata metadata);
// A parser on the stages of the encoder in that file, without them: it is to be kept in one folder with it.
void save_parser(const std::filesystem::path& path, const FaceParser& parser,
                 const checkpoint::CheckpointFile& encoder, checkpoint::Metadata metadata);

}  // namespace toonmirror::nets
