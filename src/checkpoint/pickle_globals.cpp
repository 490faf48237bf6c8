#include "checkpoint/pickle_globals.h"

#include <algorithm>

#include "base/error.h"
#include "checkpoint/pickle_text.h"

namespace toonmirror::checkpoint {
namespace {

using enum Constructor;

// Modules of Python 2, of 3, and of numpy before and since version 2.
constexpr Global kGlobals[] = {
    {"collections", "OrderedDict", kDict},
    {"argparse", "Namespace", kObject},
    {"dnnlib.util", "EasyDict", kDict},
    {"dnnlib.tflib.network", "Network", kNetwork},
    {"torch_utils.persistence", "_reconstruct_persistent_obj", kPersistent},

    {"copyreg", "_reconstructor", kReconstructor},
    {"copy_reg", "_reconstructor", kReconstructor},
    {"builtins", "object", kBaseObject},
    {"__builtin__", "object", kBaseObject},
    {"builtins", "dict", kDict},
    {"__builtin__", "dict", kDict},
    {"builtins", "set", kSet},
    {"__builtin__", "set", kSet},
    {"builtins", "frozenset", kSet},
    {"__builtin__", "frozenset", kSet},
    {"builtins", "bytes", kBytes},
    {"__builtin__", "bytes", kBytes},
    {"builtins", "bytearray", kBytes},
    {"__builtin__", "bytearray", kBytes},
    {"_codecs", "encode", kEncode},

    {"numpy", "ndarray", kArrayType},
    {"numpy.core.multiarray", "_reconstruct", kArray},
    {"numpy._core.multiarray", "_reconstruct", kArray},
    {"numpy.core.numeric", "_frombuffer", kArrayFromBuffer},
    {"numpy._core.numeric", "_frombuffer", kArrayFromBuffer},
    {"numpy.core.multiarray", "scalar", kNumpyScalar},
    {"numpy._core.multiarray", "scalar", kNumpyScalar},
    {"numpy", "dtype", kNumpyType},

    {"torch", "FloatStorage", kStorageType, at::kFloat},
    {"torch", "DoubleStorage", kStorageType, at::kDouble},
    {"torch", "HalfStorage", kStorageType, at::kHalf},
    {"torch", "BFloat16Storage", kStorageType, at::kBFloat16},
    {"torch", "LongStorage", kStorageType, at::kLong},
    {"torch", "IntStorage", kStorageType, at::kInt},
    {"torch", "ShortStorage", kStorageType, at::kShort},
    {"torch", "CharStorage", kStorageType, at::kChar},
    {"torch", "ByteStorage", kStorageType, at::kByte},
    {"torch", "BoolStorage", kStorageType, at::kBool},
    {"torch._utils", "_rebuild_tensor", kTensor},
    {"torch._utils", "_rebuild_tensor_v2", kTensorV2},
    {"torch._utils", "_rebuild_parameter", kParameter},
    {"torch.storage", "_load_from_bytes", kStorageFromBytes},
    {"torch", "Size", kSize},
    {"torch", "device", kDevice},
    {"torch", "float32", kType},
    {"torch", "float64", kType},
    {"torch", "float16", kType},
    {"torch", "bfloat16", kType},
    {"torch", "int64", kType},
    {"torch", "int32", kType},
    {"torch", "uint8", kType},
    {"torch", "bool", kType},
};

}  // namespace

const Global& find_global(std::string_view module, std::string_view name) {
  const Global* found = std::find_if(
      std::begin(kGlobals), std::end(kGlobals),
      [module, name](const Global& global) { return global.module == module && global.name == name; });
  if (found != std::end(kGlobals)) return *found;
  throw Error("refers to " + printable(module) + "." + printable(name) + ": refused",
              "files of weights need no such thing; nothing of it was executed");
}

}  // namespace toonmirror::checkpoint
