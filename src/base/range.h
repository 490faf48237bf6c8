// Numbers that have to lie in a range.
#pragma once

#include <sstream>
#include <string>

#include "base/error.h"

namespace toonmirror {

// Throws Error "NAME is 1.5, not from 0 to 1" where the value is outside, or not a number.
template <typename Number>
void check_range(const std::string& name, Number value, Number low, Number high) {
  if (value >= low && value <= high) return;
  std::ostringstream text;
  text << name << " is " << value << ", not from " << low << " to " << high;
  throw Error(text.str());
}

}  // namespace toonmirror
