#include "toon/blend.h"

#include <iterator>
#include <vector>

#include "base/error.h"
#include "nets/copy_generator.h"
#include "nets/model_file.h"

namespace toonmirror::toon {
namespace {

nets::Generator load_child(const Style& style) {
  if (style.child.empty()) return nullptr;
  const checkpoint::CheckpointFile face_file(style.face), child_file(style.child);
  if (!nets::may_share_latents(face_file, child_file)) {
    throw Error(style.file.string() + ": its generators belong to different families: " +
                    nets::family_of(face_file) + " and " + nets::family_of(child_file),
                "a child shares the latents of the face generator it was taught from, and no others");
  }
  return nets::load_generator(child_file);
}

// "synthesis.b64.conv0.weight" → 64; 0 for the mapping network's and the latent picture's.
int64_t block_of(const std::string& name) {
  constexpr std::string_view kPrefix = "synthesis.b";
  return name.starts_with(kPrefix) ? std::stoll(name.substr(kPrefix.size())) : 0;
}

}  // namespace

BlendedGenerator::BlendedGenerator(const Style& style)
    : BlendedGenerator(nets::load_generator(checkpoint::CheckpointFile(style.face)), load_child(style),
                       style.blend) {}

BlendedGenerator::BlendedGenerator(const nets::Generator& face, const nets::Generator& child,
                                   const Blend& blend)
    : generator_(nets::copy_of(face)) {
  if (!child) return;
  face_ = nets::named_tensors(*face);
  child_ = nets::named_tensors(*child);
  nets::check_blendable(face_, child_);
  // What both share need not be blended, nor kept three times: a house child leaves its parent's low layers
  // alone.
  for (auto own = face_.begin(); own != face_.end();) {
    const bool shared = at::equal(own->second, child_.at(own->first));
    if (shared) child_.erase(own->first);
    own = shared ? face_.erase(own) : std::next(own);
  }
  tensors_ = nets::named_tensors(*generator_);
  set(blend);
}

void BlendedGenerator::prepare(at::Device device, at::ScalarType type) {
  generator_->to(device);
  for (auto* tensors : {&face_, &child_}) {
    for (auto& [name, tensor] : *tensors) tensor = tensor.to(device);
  }
  if (!child_.empty()) tensors_ = nets::named_tensors(*generator_);
  generator_->prepare(type);
  prepared_ = type;
}

std::map<std::string, double> BlendedGenerator::child_shares(const Blend& blend) const {
  const nets::GeneratorOptions& options = generator_->options();
  if (blend.method == Blend::Method::kLayers) return nets::layers_plan(options, blend.weights);
  if (blend.method == Blend::Method::kVtoonify) return nets::vtoonify_plan(options, blend.weights);
  if (blend.method == Blend::Method::kPinkney) {
    const nets::BlendPlan plan = nets::pinkney_plan(options, blend.resolution, blend.level, blend.width);
    if (blend.structure == Blend::Side::kFace) return plan;
    std::map<std::string, double> shares;
    for (const auto& [name, tensor] : child_) {
      const auto found = plan.find(name);
      shares[name] = found == plan.end() ? 1.0 : 1.0 - found->second;
    }
    return shares;
  }
  std::map<std::string, double> shares;
  for (const auto& [name, tensor] : child_) {
    if (name.starts_with("synthesis.")) shares[name] = 1.0;
  }
  return shares;
}

void BlendedGenerator::set(const Blend& blend) {
  if (child_.empty()) return;
  const at::NoGradGuard no_grad;
  const std::map<std::string, double> shares = child_shares(blend);
  const auto share_in = [](const std::map<std::string, double>& map, const std::string& name) {
    const auto found = map.find(name);
    return found == map.end() ? 0.0 : found->second;
  };
  // Block by block, so that a layer is prepared while its new weights are still in the cache.
  std::map<int64_t, std::vector<std::string>> changed;
  for (const auto& [name, tensor] : face_) {
    if (share_in(shares, name) != share_in(shares_, name)) changed[block_of(name)].push_back(name);
  }
  for (const auto& [block, names] : changed) {
    for (const std::string& name : names) {
      const double share = share_in(shares, name);
      const at::Tensor &face = face_.at(name), &child = child_.at(name);
      at::Tensor& tensor = tensors_.at(name);
      if (share == 0 || share == 1) {
        tensor.copy_(share == 0 ? face : child);
      } else {
        at::lerp_out(tensor, face, child, share);
      }
    }
    if (prepared_) generator_->synthesis->prepare_block(block, *prepared_);
  }
  shares_ = shares;
}

}  // namespace toonmirror::toon
