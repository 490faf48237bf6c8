// Where the conformance data lie, and the formula its large cases define weights by.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace toonmirror::testing {

// $TOONMIRROR_CONFORMANCE, else ../shared/conformance beside the source tree, else the small files copied
// into tests/data.
inline std::filesystem::path conformance_folder() {
  const char* given = std::getenv("TOONMIRROR_CONFORMANCE");
  const std::filesystem::path source = TOONMIRROR_SOURCE_DIR;
  const std::filesystem::path folder =
      given != nullptr && *given != '\0' ? std::filesystem::path(given) : source / "../shared/conformance";
  if (std::filesystem::is_directory(folder)) return folder;
  return source / "tests/data/conformance";
}

// The cases whose folder name begins with `prefix`.
inline std::vector<std::filesystem::path> conformance_cases(const std::string& prefix) {
  std::vector<std::filesystem::path> cases;
  const std::filesystem::path folder = conformance_folder();
  if (folder.empty()) return cases;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(prefix)) cases.push_back(entry.path());
  }
  return cases;
}

// The tensor called `name` of a formula case (conformance README, "Formula weights").
inline at::Tensor formula_tensor(const std::string& salt, const std::string& name, at::IntArrayRef shape,
                                 float gain, float base) {
  uint64_t seed = 0xcbf29ce484222325ULL;  // FNV-1a
  for (const char c : salt + name) seed = (seed ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  at::Tensor result = at::empty(shape);
  float* value = result.data_ptr<float>();
  for (int64_t i = 0; i < result.numel(); ++i) {
    uint64_t z = seed + static_cast<uint64_t>(i) + 0x9E3779B97F4A7C15ULL;  // splitmix64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    const volatile float scaled =
        static_cast<float>(static_cast<int64_t>(z >> 40) - (1 << 23)) / (1 << 23) * gain;
    value[i] = base == 0.0f ? scaled : base + scaled;
  }
  return result;
}

}  // namespace toonmirror::testing
