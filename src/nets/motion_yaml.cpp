#include "nets/motion_yaml.h"

#include <yaml-cpp/yaml.h>

#include <system_error>

#include "base/error.h"

namespace toonmirror::nets {
namespace {

constexpr uint64_t kMaxSize_bytes = 1 << 20;  // published ones have 2 KB

// A mapping of the file together with its place in it, for messages.
class Section {
 public:
  Section(YAML::Node node, std::string place) : node_(std::move(node)), place_(std::move(place)) {
    if (!node_.IsDefined()) throw Error("lacks " + place_);  // of such a node yaml-cpp tells no type
    if (!node_.IsMap()) throw Error(place_.empty() ? "has no sections" : place_ + " is not a section");
  }

  Section section(const std::string& key) const { return {std::as_const(node_)[key], name_of(key)}; }

  template <typename T>
  void read(const std::string& key, T& value) const {
    const YAML::Node found = std::as_const(node_)[key];
    if (!found.IsDefined()) throw Error("lacks " + name_of(key));
    try {
      value = found.as<T>();
    } catch (const YAML::Exception&) {
      throw Error(name_of(key) + " is not of the type expected");
    }
  }

  template <typename T>
  void read_or(const std::string& key, T fallback, T& value) const {
    value = fallback;
    if (std::as_const(node_)[key].IsDefined()) read(key, value);
  }

 private:
  std::string name_of(const std::string& key) const { return place_.empty() ? key : place_ + "." + key; }

  YAML::Node node_;
  std::string place_;
};

void read_hourglass(const Section& section, HourglassOptions& options) {
  section.read("block_expansion", options.block_expansion);
  section.read("max_features", options.max_features);
  section.read("num_blocks", options.num_blocks);
  section.read_or("scale_factor", 1.0, options.scale_factor);
}

MotionModelOptions read_options(const Section& model) {
  MotionModelOptions options;
  const Section common = model.section("common_params");
  common.read("num_kp", options.num_kp);
  common.read("num_channels", options.num_channels);
  common.read_or("estimate_jacobian", false, options.estimate_jacobian);

  const Section detector = model.section("kp_detector_params");
  read_hourglass(detector, options.kp_detector.hourglass);
  detector.read("temperature", options.kp_detector.temperature);
  detector.read_or("pad", int64_t{0}, options.kp_detector.pad);
  detector.read_or("single_jacobian_map", false, options.kp_detector.single_jacobian_map);

  const Section generator = model.section("generator_params");
  generator.read("block_expansion", options.generator.block_expansion);
  generator.read("max_features", options.generator.max_features);
  generator.read("num_down_blocks", options.generator.num_down_blocks);
  generator.read("num_bottleneck_blocks", options.generator.num_bottleneck_blocks);
  generator.read_or("estimate_occlusion_map", false, options.generator.estimate_occlusion_map);

  const Section dense = generator.section("dense_motion_params");
  read_hourglass(dense, options.generator.dense_motion.hourglass);
  dense.read_or("kp_variance", 0.01, options.generator.dense_motion.kp_variance);
  options.check();
  return options;
}

}  // namespace

MotionModelOptions read_motion_options(const std::filesystem::path& path) {
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(path, error);
  if (error) throw Error(path.string() + ": cannot be read: " + error.message());
  if (size > kMaxSize_bytes) {
    throw Error(path.string() + ": too large for the configuration of a motion model",
                "expected is a file such as vox-256.yaml");
  }
  try {
    return read_options(Section(YAML::LoadFile(path.string()), "").section("model_params"));
  } catch (const Error& refused) {
    throw Error(path.string() + ": " + refused.what(),
                refused.hint().empty() ? "expected is a file such as vox-256.yaml" : refused.hint());
  } catch (const YAML::Exception&) {
    throw Error(path.string() + ": not a YAML file", "expected is a file such as vox-256.yaml");
  }
}

}  // namespace toonmirror::nets
