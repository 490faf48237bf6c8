#include "toon/latents.h"

#include "base/error.h"
#include "base/model_keys.h"
#include "checkpoint/checkpoint_file.h"
#include "nets/model_file.h"

namespace toonmirror::toon {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKind = "latent";
constexpr const char* kRows = "ws";
constexpr std::string_view kLikeness = "likeness.";
constexpr const char* kHint = "'toonmirror project PHOTO' writes latents";

// The one tensor of a file, in float.
at::Tensor only_tensor(const checkpoint::CheckpointFile& file, const std::string& what) {
  if (file.tensors().size() != 1) {
    throw Error(
        file.path().string() + ": holds " + std::to_string(file.tensors().size()) + " tensors, not " + what,
        kHint);
  }
  return file.tensor(file.tensors().begin()->first).to(at::kFloat);
}

void add_features(SavedLatents& latents, const checkpoint::CheckpointFile& file) {
  for (const auto& [name, entry] : file.tensors()) {
    if (!name.starts_with(kLikeness)) continue;
    const std::string digits = name.substr(kLikeness.size());
    const bool is_number =
        !digits.empty() && digits.size() <= 4 && digits.find_first_not_of("0123456789") == std::string::npos;
    const int64_t resolution = is_number ? std::stoll(digits) : -1;
    const bool fits = entry.shape.size() == 4 && entry.shape[0] == latents.ws.size(0) &&
                      entry.shape[2] == resolution && entry.shape[3] == resolution;
    if (!fits)
      throw Error(file.path().string() + ": its tensor " + name + " does not belong to its latents", kHint);
    latents.features[resolution] = file.tensor(name).to(at::kFloat);
  }
}

}  // namespace

void save_latents(const fs::path& path, const SavedLatents& latents) {
  checkpoint::NamedTensors tensors = {{kRows, latents.ws.to(at::kFloat).cpu()}};
  for (const auto& [resolution, features] : latents.features) {
    tensors[std::string(kLikeness) + std::to_string(resolution)] = features.to(at::kHalf).cpu();
  }
  checkpoint::write_safetensors(
      path, tensors, {{kKindKey, kKind}, {kFamilyKey, latents.family}, {"made_by", latents.made_by}});
}

SavedLatents load_latents(const fs::path& path) {
  const checkpoint::CheckpointFile file(path);
  SavedLatents latents;
  if (nets::is_house_file(file, kKind)) {
    latents.ws = file.tensor(kRows).to(at::kFloat);
    latents.family = nets::family_of(file);
  } else {
    latents.ws = only_tensor(file, "latents");
    if (latents.ws.dim() == 2) latents.ws = latents.ws.unsqueeze(0);
  }
  if (latents.ws.dim() != 3 || latents.ws.numel() == 0) {
    throw Error(path.string() + ": its tensor is " + nets::shape_text(latents.ws.sizes()) +
                    ", not W+ of [number, rows, size of w]",
                kHint);
  }
  if (!latents.ws.isfinite().all().item<bool>()) throw Error(path.string() + ": its latents are not finite");
  add_features(latents, file);
  return latents;
}

void check_latents(const SavedLatents& latents, const nets::GeneratorOptions& generator,
                   const std::string& family, const fs::path& path) {
  if (!latents.family.empty() && !family.empty() && latents.family != family) {
    throw Error(path.string() + ": its latents belong to the family " + latents.family +
                    ", the generator to " + family,
                "project the photo again with an encoder of that generator");
  }
  if (latents.ws.size(1) != generator.latent_count() || latents.ws.size(2) != generator.w_dim) {
    throw Error(path.string() + ": its latents are " + std::to_string(latents.ws.size(1)) + " rows of " +
                    std::to_string(latents.ws.size(2)) + ", the generator takes " +
                    std::to_string(generator.latent_count()) + " of " + std::to_string(generator.w_dim),
                "project the photo again with an encoder of that generator");
  }
  for (const auto& [resolution, features] : latents.features) {
    const auto found = generator.likeness_channels.find(resolution);
    if (found == generator.likeness_channels.end() || found->second != features.size(1)) {
      throw Error(path.string() + ": its likeness features do not fit the generator");
    }
  }
}

at::Tensor load_direction(const fs::path& path, int64_t rows, int64_t w_dim, const std::string& family) {
  const checkpoint::CheckpointFile file(path);
  const std::string own = nets::family_of(file);
  if (!own.empty() && !family.empty() && own != family) {
    throw Error(path.string() + ": a direction of the family " + own + ", the latents belong to " + family,
                "find the family's own directions with 'toonmirror train directions'");
  }
  at::Tensor direction = only_tensor(file, "one direction");
  const bool fits = direction.numel() == w_dim || direction.numel() == rows * w_dim;
  if (!fits) {
    throw Error(path.string() + ": its direction is " + nets::shape_text(direction.sizes()) +
                ", the latents are " + std::to_string(rows) + " rows of " + std::to_string(w_dim));
  }
  if (!direction.isfinite().all().item<bool>()) throw Error(path.string() + ": its direction is not finite");
  return direction.reshape({1, -1, w_dim});
}

}  // namespace toonmirror::toon
