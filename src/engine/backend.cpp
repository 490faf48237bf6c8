#include "engine/backend.h"

#include <atomic>

namespace toonmirror::engine {
namespace {

std::atomic<Backend> chosen = Backend::kOneDnn;

}  // namespace

void set_backend(Backend backend) { chosen = backend; }
Backend backend() { return chosen; }

bool has_onednn() {
#ifdef TOONMIRROR_ONEDNN
  return true;
#else
  return false;
#endif
}

}  // namespace toonmirror::engine
