#include "engine/backend.h"

#include <atomic>

namespace toonmirror::engine {
namespace {

std::atomic<Backend> chosen = Backend::kOneDnn;
std::atomic<bool> integers = false;

}  // namespace

void set_backend(Backend backend) { chosen = backend; }
Backend backend() { return chosen; }
void set_int8(bool enabled) { integers = enabled; }
bool int8() { return integers; }

bool has_onednn() {
#ifdef TOONMIRROR_ONEDNN
  return true;
#else
  return false;
#endif
}

}  // namespace toonmirror::engine
