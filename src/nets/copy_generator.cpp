#include "nets/copy_generator.h"

#include "nets/model_file.h"

namespace toonmirror::nets {

Generator copy_of(const Generator& generator) {
  Generator copy(generator->options());
  assign_tensors(*copy, named_tensors(*generator), "the face generator");
  copy->eval();
  return copy;
}

}  // namespace toonmirror::nets
