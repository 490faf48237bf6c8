// What becomes of the constructors that a pickle names.
#pragma once

#include "checkpoint/pickle_machine.h"
#include "checkpoint/pickle_value.h"

namespace toonmirror::checkpoint {

// The value of type(*arguments), where `arguments` is a list or tuple. Throws Error where it is not a
// constructor, or one that takes other arguments.
Value* construct(const Value& type, const Value& arguments, ValueArena& arena, const PickleHooks& hooks);

// The object's state, which comes after it. Throws Error where the object has none or another one.
void build(Value& object, Value& state);

}  // namespace toonmirror::checkpoint
