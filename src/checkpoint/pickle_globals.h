// The names of Python modules that a weight file may refer to. Nothing of them is called: each stands for a
// value that pickle_objects.h builds itself.
#pragma once

#include <c10/core/ScalarType.h>

#include <string>
#include <string_view>

namespace toonmirror::checkpoint {

enum class Constructor {
  kDict,           // a dictionary or a subclass of it
  kObject,         // an object that is nothing but its attributes
  kNetwork,        // such an object: a network of TensorFlow's StyleGAN2
  kPersistent,     // torch_utils.persistence: a dictionary that describes an object
  kReconstructor,  // objects in protocols 0 and 1
  kBaseObject,     // argument of the former
  kSet,
  kBytes,
  kEncode,     // bytes written as text
  kArrayType,  // argument of kArray
  kArray,
  kArrayFromBuffer,
  kNumpyScalar,
  kNumpyType,
  kStorageType,  // argument of a reference to a storage
  kTensor,
  kTensorV2,
  kParameter,
  kStorageFromBytes,
  kSize,
  kDevice,
  kType,  // a number type as a value, such as torch.float32
};

struct Global {
  std::string_view module;
  std::string_view name;
  Constructor constructor;
  at::ScalarType dtype = at::kFloat;  // of a kStorageType

  std::string full_name() const { return std::string(module) + "." + std::string(name); }
};

// Throws Error "refers to posix.system: refused" for every name that is not on the list.
const Global& find_global(std::string_view module, std::string_view name);

}  // namespace toonmirror::checkpoint
