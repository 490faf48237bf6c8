#include "nets/parsing_head.h"

#include <algorithm>

#include "base/error.h"
#include "nets/modulation.h"

namespace toonmirror::nets {
namespace {

constexpr int64_t kWidest_px = 32;  // up to which all plain levels are equally wide
// What a file may ask for.
constexpr int64_t kMaxChannels = 1024, kMaxDepth = 16;

bool is_sound(const ParsingLevel& level) {
  return level.channels >= 1 && level.channels <= kMaxChannels && level.depth >= 1 &&
         level.depth <= kMaxDepth;
}

}  // namespace

ParsingLevels plain_levels(const std::map<int64_t, int64_t>& stages, int64_t width) {
  ParsingLevels result;
  for (const auto& [size, channels] : stages) {
    result[size].channels = width * kWidest_px / std::max(size, kWidest_px);
  }
  return result;
}

ParsingHeadImpl::ParsingHeadImpl(const std::map<int64_t, int64_t>& stages, const ParsingLevels& levels) {
  if (stages.empty() || stages.size() != levels.size()) {
    throw Error("parsing head of another number of levels than stages");
  }
  int64_t before = 0;
  for (const auto& [size, channels] : stages) {
    const auto found = levels.find(size);
    if (found == levels.end() || !is_sound(found->second)) {
      throw Error("parsing head without a sound level of " + std::to_string(size) + " px");
    }
    const std::string name = std::to_string(size);
    const int64_t out = found->second.channels;
    Level level;
    level.in = register_module("in" + name, ConvLayer(channels, out, 1, 1, /*activate=*/false));
    for (int64_t i = 0; i < found->second.depth; ++i) {
      std::string mix = "mix" + name;
      if (i > 0) mix += "_" + std::to_string(i + 1);
      level.mix.emplace_back(register_module(mix, ConvLayer(out, out, 3, 1, /*activate=*/true)));
    }
    if (before != 0 && before != out) {
      level.fit = register_module("narrow" + name, ConvLayer(before, out, 1, 1, /*activate=*/false));
    }
    levels_.push_back(std::move(level));
    before = out;
  }
  out_ = register_module("out", ConvLayer(before, kFaceClassCount, 3, 1, /*activate=*/false));
}

at::Tensor ParsingHeadImpl::forward(const std::vector<at::Tensor>& stages) {
  at::Tensor y;
  for (size_t i = 0; i < levels_.size(); ++i) {
    Level& level = levels_[i];
    const at::Tensor seen = level.in->forward(stages[stages.size() - 1 - i]);
    if (level.fit) y = level.fit->forward(y);
    y = y.defined() ? upsample_2x(y, /*margin=*/0) + seen : seen;
    for (ConvLayer& mix : level.mix) y = (y + mix->forward(y)) * (1.0 / kSqrt2);
  }
  return out_->forward(y);
}

void ParsingHeadImpl::prepare(at::ScalarType type) {
  for (Level& level : levels_) {
    level.in->prepare(type);
    if (level.fit) level.fit->prepare(type);
    for (ConvLayer& mix : level.mix) mix->prepare(type);
  }
  out_->prepare(type);
}

}  // namespace toonmirror::nets
