// Making one generator out of a face generator and its child.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "nets/blending.h"
#include "nets/stylegan2.h"
#include "toon/style.h"

namespace toonmirror::toon {

// A face generator and its child in one drawing generator, which can be blended anew while it is in use:
// only layers whose share changes are computed again.
class BlendedGenerator {
 public:
  // Throws Error as reading the files does, where the two do not fit each other, and where the blend's
  // numbers do not fit them.
  explicit BlendedGenerator(const Style& style);
  // The same of networks in memory. `child` may be null: then there is nothing to blend.
  BlendedGenerator(const nets::Generator& face, const nets::Generator& child, const Blend& blend);

  // Moves the generator and prepares it for inference in that type (nets::Generator::prepare).
  void prepare(at::Device device, at::ScalarType type);

  // Blends anew. Not to be called while another thread draws.
  void set(const Blend& blend);

  const nets::Generator& generator() const { return generator_; }

 private:
  // The child's share of every parameter; those that are not named are the face's.
  std::map<std::string, double> child_shares(const Blend& blend) const;

  checkpoint::NamedTensors face_, child_;  // the child's empty: none
  nets::Generator generator_{nullptr};
  checkpoint::NamedTensors tensors_;      // the generator's own, which are written into
  std::map<std::string, double> shares_;  // as of the last blend
  std::optional<at::ScalarType> prepared_;
};

}  // namespace toonmirror::toon
