#include "checkpoint/pickle_globals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace toonmirror::checkpoint {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

TEST(PickleGlobals, KnowsWhatWeightFilesNeed) {
  EXPECT_EQ(find_global("torch._utils", "_rebuild_tensor_v2").constructor, Constructor::kTensorV2);
  EXPECT_EQ(find_global("numpy._core.multiarray", "scalar").constructor, Constructor::kNumpyScalar);
  EXPECT_EQ(find_global("torch", "HalfStorage").dtype, at::kHalf);
  EXPECT_EQ(find_global("__builtin__", "set").constructor, Constructor::kSet);
}

struct Name {
  const char* module;
  const char* name;
};
class Refused : public ::testing::TestWithParam<Name> {};

TEST_P(Refused, ByName) {
  const std::string expected =
      std::string("refers to ") + GetParam().module + "." + GetParam().name + ": refused";
  EXPECT_THAT([] { find_global(GetParam().module, GetParam().name); },
              ThrowsMessage<Error>(HasSubstr(expected)));
}

// What executes, what is near something allowed, and what a module might be reached through.
INSTANTIATE_TEST_SUITE_P(
    Names, Refused,
    ::testing::Values(Name{"os", "system"}, Name{"posix", "system"}, Name{"nt", "system"},
                      Name{"builtins", "eval"}, Name{"builtins", "exec"}, Name{"builtins", "getattr"},
                      Name{"builtins", "__import__"}, Name{"__builtin__", "eval"},
                      Name{"subprocess", "Popen"}, Name{"_codecs", "lookup"}, Name{"codecs", "encode"},
                      Name{"operator", "attrgetter"}, Name{"functools", "partial"}, Name{"torch", "load"},
                      Name{"torch", "serialization.os.system"}, Name{"torch", "QInt8Storage"},
                      Name{"torch.hub", "load"}, Name{"torch._utils", "_rebuild_tensor_v3"},
                      Name{"torch.storage", "_load_from_bytes.__globals__"}, Name{"numpy", "load"},
                      Name{"numpy.core.multiarray", "fromstring"}, Name{"collections", "namedtuple"},
                      Name{"argparse", "FileType"}, Name{"dnnlib.util", "open_url"},
                      Name{"torch_utils.persistence", "_src_to_module"}, Name{"", ""}));

TEST(PickleGlobals, NamesInMessagesAreShortAndPlain) {
  EXPECT_THAT([] { find_global("os\x1b[31m", std::string(5000, 'x')); },
              ThrowsMessage<Error>(AllOf(HasSubstr("os?[31m"), Not(HasSubstr(std::string(200, 'x'))))));
}

}  // namespace
}  // namespace toonmirror::checkpoint
