// The pickle machine's stack. A mark divides it: what lies below belongs to a container that is still open.
#pragma once

#include <cstddef>
#include <vector>

#include "base/error.h"
#include "checkpoint/byte_reader.h"
#include "checkpoint/pickle_value.h"

namespace toonmirror::checkpoint {

// All functions throw Error where the pickle takes more than there is.
class PickleStack {
 public:
  void push(Value* value) { values_.push_back(value); }
  void mark() { marks_.push_back(values_.size()); }

  Value* top() const {
    require(1);
    return values_.back();
  }
  Value* pop() {
    Value* value = top();
    values_.pop_back();
    return value;
  }
  // The upmost values, the deepest first.
  std::vector<Value*> take(size_t count) {
    require(count);
    return take_above(values_.size() - count);
  }
  // All values above the last mark, and the mark.
  std::vector<Value*> take_from_mark() {
    if (marks_.empty())
      throw Error("closes a container in its pickle that was never opened", kIncompleteHint);
    const size_t begin = marks_.back();
    marks_.pop_back();
    return take_above(begin);
  }
  // The last value, or the mark where that is last.
  void drop() {
    if (!marks_.empty() && marks_.back() == values_.size()) {
      marks_.pop_back();
    } else {
      pop();
    }
  }

 private:
  void require(size_t count) const {
    const size_t floor = marks_.empty() ? 0 : marks_.back();
    if (values_.size() - floor < count) {
      throw Error("takes more from its pickle's stack than there is", kIncompleteHint);
    }
  }
  std::vector<Value*> take_above(size_t begin) {
    const auto first = values_.begin() + static_cast<ptrdiff_t>(begin);
    std::vector<Value*> items(first, values_.end());
    values_.erase(first, values_.end());
    return items;
  }

  std::vector<Value*> values_;
  std::vector<size_t> marks_;  // heights of the stack
};

}  // namespace toonmirror::checkpoint
