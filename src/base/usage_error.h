// The error that means wrong use.
#pragma once

#include "base/error.h"

namespace toonmirror {

// An Error of what was asked for, not of an input or the machine: options that do not go together, a name
// that does not exist.
class UsageError : public Error {
 public:
  using Error::Error;
};

}  // namespace toonmirror
