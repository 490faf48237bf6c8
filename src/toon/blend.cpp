#include "toon/blend.h"

#include <string>

#include "base/error.h"
#include "nets/model_file.h"

namespace toonmirror::toon {

nets::Generator blend_generators(const nets::Generator& face, const nets::Generator& child,
                                 const Blend& blend) {
  if (nets::architecture_json(face->options()) != nets::architecture_json(child->options())) {
    throw Error("generators of different architectures cannot be blended",
                "a child is a fine-tuned copy of its face generator");
  }
  checkpoint::NamedTensors tensors = nets::named_tensors(*face);
  const checkpoint::NamedTensors of_child = nets::named_tensors(*child);
  for (int64_t r = 4; r <= face->options().resolution; r *= 2) {
    const std::string block = "synthesis.b" + std::to_string(r) + ".";
    const double share = blend.child_share(static_cast<int>(r));
    for (auto& [name, tensor] : tensors) {
      if (name.starts_with(block)) tensor = at::lerp(tensor, of_child.at(name), share);
    }
  }
  nets::Generator blended(face->options());
  nets::assign_tensors(*blended, tensors, "the blended generator");
  blended->eval();
  return blended;
}

nets::Generator load_blended_generator(const Style& style) {
  const checkpoint::SafetensorsFile face_file(style.face);
  nets::Generator face = nets::load_generator(face_file);
  if (style.child.empty()) return face;
  const checkpoint::SafetensorsFile child_file(style.child);
  const nets::Generator child = nets::load_generator(child_file);
  const std::string& family = face_file.required_metadata(nets::kFamilyKey);
  const std::string& child_family = child_file.required_metadata(nets::kFamilyKey);
  if (family != child_family) {
    throw Error(style.file.string() + ": its generators belong to different families: " + family + " and " +
                    child_family,
                "a child shares the latents of the face generator it was taught from, and no others");
  }
  return blend_generators(face, child, style.blend);
}

}  // namespace toonmirror::toon
