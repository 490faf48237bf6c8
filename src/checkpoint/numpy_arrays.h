// numpy's arrays, scalars and number types as pickles describe them (numpy/core/src/multiarray/methods.c,
// array_reduce and array_setstate; descriptor.c, arraydescr_reduce and arraydescr_setstate).
#pragma once

#include "checkpoint/pickle_value.h"

namespace toonmirror::checkpoint {

// numpy.dtype("f4", …). Throws Error for types that are no numbers or that LibTorch has not.
NumpyType numpy_type(std::string_view code);

// The state of a type: (version, byte order, subarray, names, fields, …).
void set_state(NumpyType& type, const Value& state);

// The tensor of an array's state: (version, shape, type, whether the first dimension is the fastest, bytes).
TensorPointer array_from_state(const Value& state);

TensorPointer array_from_buffer(const Value& bytes, const Value& type, const Value& shape,
                                const Value& order);

// A tensor of no dimension.
TensorPointer scalar_from_bytes(const Value& type, const Value& bytes);

}  // namespace toonmirror::checkpoint
