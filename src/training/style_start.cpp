#include "training/style_start.h"

#include "base/error.h"
#include "nets/model_file.h"

namespace toonmirror::training {

int64_t resolution_of(const std::string& name) {
  return name.starts_with("picture") ? 0 : std::stoll(name.substr(1));
}

checkpoint::NamedTensors learned_by(const std::filesystem::path& child_file,
                                    const std::filesystem::path& parent_file) {
  const checkpoint::NamedTensors child =
      nets::named_tensors(*nets::load_generator(checkpoint::CheckpointFile(child_file)));
  const checkpoint::NamedTensors parent =
      nets::named_tensors(*nets::load_generator(checkpoint::CheckpointFile(parent_file)));
  checkpoint::NamedTensors result;
  for (const auto& [name, tensor] : child) {
    if (!name.starts_with("synthesis.")) continue;
    const auto found = parent.find(name);
    if (found == parent.end() || found->second.sizes() != tensor.sizes()) {
      throw Error(child_file.string() + ": another network than " + parent_file.string() + ": " + name);
    }
    result.emplace(name, tensor - found->second);
  }
  return result;
}

void carry_over(nets::Generator& generator, int64_t parent_layers_px,
                const checkpoint::NamedTensors& learned) {
  const at::NoGradGuard no_grad;
  for (auto& item : generator->synthesis->named_parameters()) {
    if (resolution_of(item.key()) <= parent_layers_px) continue;
    const auto found = learned.find("synthesis." + item.key());
    if (found == learned.end()) continue;  // of an architecture that has gained layers since
    if (found->second.sizes() != item.value().sizes()) {
      throw Error("the earlier child is of another architecture than the generator: " + item.key());
    }
    item.value().add_(found->second);
  }
}

void begin_with(const std::filesystem::path& child_file, const std::filesystem::path& parent_file,
                int64_t parent_layers_px, nets::Generator& generator) {
  const checkpoint::CheckpointFile file(child_file);
  const auto refuse = [&](const std::string& why) {
    throw Error(
        child_file.string() + ": is no child of " + parent_file.string() + ": " + why,
        "name a child of this face model with --start, or say with --earlier-generator whose child it is");
  };
  if (!nets::may_share_latents(file, checkpoint::CheckpointFile(parent_file))) refuse("another family");
  const nets::Generator child = nets::load_generator(file);
  const at::NoGradGuard no_grad;
  if (!at::allclose(child->mapping->w_avg, generator->mapping->w_avg, 1e-2, 1e-2)) refuse("other latents");
  auto present = generator->synthesis->named_parameters();
  for (const auto& item : child->synthesis->named_parameters()) {
    if (resolution_of(item.key()) <= parent_layers_px) continue;
    at::Tensor* own = present.find(item.key());
    if (own == nullptr || own->sizes() != item.value().sizes()) refuse("another architecture: " + item.key());
    own->copy_(item.value());
  }
}

}  // namespace toonmirror::training
