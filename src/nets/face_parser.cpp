#include "nets/face_parser.h"

#include <algorithm>
#include <string>

namespace toonmirror::nets {
namespace {

constexpr const char* kHeadName = "parsing";  // as in the house encoder

bool is_of_head(const std::string& name) { return name.starts_with(std::string(kHeadName) + "."); }

}  // namespace

FaceParserImpl::FaceParserImpl(const FaceParserOptions& options)
    : options_(options), stages_(*this, options_.stages) {
  head_ = register_module(kHeadName, ParsingHead(stages_by_size(options_.stages), options_.levels));
}

at::Tensor FaceParserImpl::parse(const std::vector<at::Tensor>& stages) {
  return head_->forward(stages).to(at::kFloat);
}

void FaceParserImpl::prepare(at::ScalarType type) {
  stages_.prepare(type);
  head_->prepare(type);
}

bool share_stages(const torch::nn::Module& encoder, const FaceParser& parser) {
  const auto theirs = encoder.named_parameters();
  const auto ours = parser->named_parameters();
  return std::ranges::all_of(ours, [&](const auto& item) {
    if (is_of_head(item.key())) return true;
    const at::Tensor* other = theirs.find(item.key());
    return other != nullptr && at::equal(*other, item.value());
  });
}

void copy_stages(const FaceParser& from, FaceParser& to) {
  const at::NoGradGuard no_grad;
  const auto theirs = from->named_parameters();
  for (auto& item : to->named_parameters()) {
    if (!is_of_head(item.key())) item.value().copy_(theirs[item.key()]);
  }
}

}  // namespace toonmirror::nets
