#include "nets/checkpoint_layout.h"

#include <algorithm>
#include <tuple>

namespace toonmirror::nets {
namespace {

// "a.b." → "a."; "a." → "".
std::string without_last_part(std::string prefix) {
  prefix.pop_back();
  const size_t dot = prefix.rfind('.');
  return dot == std::string::npos ? std::string() : prefix.substr(0, dot + 1);
}

bool is_average(std::string_view prefix) {
  while (!prefix.empty()) {
    const std::string_view part = prefix.substr(0, prefix.find('.'));
    if (part == "ema" || part.starts_with("ema_") || part.ends_with("_ema")) return true;
    prefix.remove_prefix(part.size() + 1);
  }
  return false;
}

}  // namespace

std::vector<std::string> network_prefixes(const checkpoint::CheckpointFile& file,
                                          std::initializer_list<std::string_view> tensors) {
  const std::string_view mark = *tensors.begin();
  std::vector<std::string> result;
  for (const auto& [name, entry] : file.tensors()) {
    if (!name.ends_with(mark)) continue;
    const std::string prefix = name.substr(0, name.size() - mark.size());
    const bool whole_part = prefix.empty() || prefix.ends_with('.');
    const bool complete = std::ranges::all_of(tensors, [&](std::string_view tensor) {
      return file.tensors().contains(prefix + std::string(tensor));
    });
    if (whole_part && complete) result.push_back(prefix);
  }
  std::ranges::sort(result, {}, [](const std::string& prefix) {
    return std::tuple(!is_average(prefix), std::ranges::count(prefix, '.'), prefix);
  });
  return result;
}

checkpoint::NamedTensors tensors_below(const checkpoint::CheckpointFile& file, std::string_view prefix) {
  checkpoint::NamedTensors result;
  for (const auto& [name, entry] : file.tensors()) {
    if (name.starts_with(prefix)) result[name.substr(prefix.size())] = file.tensor(name);
  }
  return result;
}

std::string nearest_tensor(const checkpoint::CheckpointFile& file, std::string prefix,
                           const std::string& tensor) {
  while (true) {
    if (file.tensors().contains(prefix + tensor)) return prefix + tensor;
    if (prefix.empty()) return {};
    prefix = without_last_part(std::move(prefix));
  }
}

}  // namespace toonmirror::nets
