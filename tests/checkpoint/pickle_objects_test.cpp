#include "checkpoint/pickle_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "checkpoint/python.h"

namespace toonmirror::checkpoint {
namespace {

using namespace toonmirror::testing;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Reads one value; the arena and the text live as long as the object.
class Reading {
 public:
  explicit Reading(const std::string& value, const PickleHooks& hooks = {})
      : pickle_(pickled(value)), arena_(pickle_.size()) {
    ByteReader reader(bytes_in(pickle_));
    value_ = read_pickle(reader, arena_, hooks);
  }
  template <typename T>
  const T& as() const {
    return std::get<T>(value_->data);
  }

 private:
  std::string pickle_;
  ValueArena arena_;
  Value* value_ = nullptr;
};

void expect_refused(const std::string& value, const std::string& reason) {
  EXPECT_THAT([&] { Reading reading(value); }, ThrowsMessage<Error>(HasSubstr(reason))) << reason;
}

const std::string kOrderedDict = py_global("collections", "OrderedDict");
const std::string kNamespace = py_global("argparse", "Namespace");

TEST(PickleObjects, Dictionaries) {
  EXPECT_TRUE(Reading(py_call(kOrderedDict, {})).as<Dict>().entries.empty());
  const std::string pair = py_list({py_text("a"), py_int(1)});
  EXPECT_EQ(Reading(py_call(kOrderedDict, {py_list({pair, pair})})).as<Dict>().entries.size(), 2u);
  EXPECT_EQ(Reading(py_call(py_global("dnnlib.util", "EasyDict"), {py_dict({{"a", kNone}})}))
                .as<Dict>()
                .entries.size(),
            1u);
  // Its attributes, such as the _metadata of a state_dict, are no entries.
  EXPECT_TRUE(Reading(py_object(kOrderedDict, py_dict({{"_metadata", kNone}}))).as<Dict>().entries.empty());
  expect_refused(py_call(kOrderedDict, {py_list({py_int(1)})}), "dictionary's entry");
  expect_refused(py_call(kOrderedDict, {py_list({py_tuple({py_int(1)})})}), "not a pair");
  expect_refused(py_call(kOrderedDict, {py_int(1)}), "not a list or tuple");
}

TEST(PickleObjects, StatesAreGivenOnceAndAreDictionaries) {
  const std::string state = py_dict({{"a", py_int(1)}});
  EXPECT_EQ(Reading(py_object(kNamespace, state)).as<Object>().state->get_if<Dict>()->entries.size(), 1u);
  expect_refused(py_object(kNamespace, state) + state + "b", "has one: refused");
  expect_refused(py_object(kNamespace, py_int(1)), "state is no dictionary");
  expect_refused(py_object(kNamespace, py_tuple({kNone, state})), "state is no dictionary");
  expect_refused(py_int(1) + state + "b", "has none: refused");
  expect_refused(py_call(kNamespace, {py_int(1)}), "argparse.Namespace from values: refused");
}

TEST(PickleObjects, SetsAndBytes) {
  const Reading set(py_call(py_global("builtins", "set"), {py_list({py_int(1)})}));
  EXPECT_EQ(set.as<Sequence>().kind, SequenceKind::kSet);
  EXPECT_EQ(set.as<Sequence>().items.size(), 1u);
  EXPECT_EQ(Reading(py_call(py_global("builtins", "bytes"), {})).as<Blob>().size, 0u);
  EXPECT_EQ(Reading(py_call(py_global("builtins", "bytearray"), {py_bytes("abc")})).as<Blob>().size, 3u);
  EXPECT_EQ(Reading(py_call(py_global("builtins", "bytearray"), {py_text("\xc3\xa9"), py_text("latin-1")}))
                .as<Blob>()
                .size,
            1u);
  const std::string encode = py_global("_codecs", "encode");
  EXPECT_FALSE(Reading(py_call(encode, {py_text("abc"), py_text("latin1")})).as<Blob>().latin1_in_utf8);
  EXPECT_TRUE(Reading(py_call(encode, {py_text("\xc3\xa9"), py_text("latin1")})).as<Blob>().latin1_in_utf8);
  expect_refused(py_call(encode, {py_text("abc"), py_text("rot13")}), "encoded as rot13: refused");
  expect_refused(py_call(encode, {py_text("\xc4\x80"), py_text("latin1")}), "byte string that is none");
  expect_refused(py_call(encode, {py_text("abc")}), "from too little");
}

TEST(PickleObjects, ClassesThatAreArgumentsAloneAreNotConstructed) {
  for (const std::string& type : {py_global("torch", "FloatStorage"), py_global("numpy", "ndarray"),
                                  py_global("builtins", "object"), py_global("torch", "float32")}) {
    expect_refused(py_call(type, {py_int(1)}), ": refused");
  }
}

TEST(PickleObjects, ArraysOfOtherClassesAreRefused) {
  const std::string reconstruct = py_global("numpy.core.multiarray", "_reconstruct");
  expect_refused(py_call(reconstruct, {kNamespace, py_sizes({0}), py_bytes("b")}), "another class: refused");
  expect_refused(py_call(reconstruct, {py_text("ndarray"), py_sizes({0}), py_bytes("b")}),
                 "another class: refused");
}

TEST(PickleObjects, FilesWithinFilesOnlyWhereTheContainerHasThem) {
  const std::string nested = py_call(py_global("torch.storage", "_load_from_bytes"), {py_bytes("content")});
  expect_refused(nested, "nested in files: refused");
  PickleHooks hooks;
  std::string seen;
  hooks.storage_from_bytes = [&seen](std::span<const uint8_t> bytes) {
    seen.assign(bytes.begin(), bytes.end());
    return std::make_shared<const Storage>();
  };
  EXPECT_NE(Reading(nested, hooks).as<StoragePointer>(), nullptr);
  EXPECT_EQ(seen, "content");
}

TEST(PickleObjects, SmallThingsOfTorch) {
  EXPECT_EQ(Reading(py_call(py_global("torch", "Size"), {py_sizes({1, 2})})).as<Sequence>().items.size(), 2u);
  EXPECT_EQ(Reading(py_call(py_global("torch", "device"), {py_text("cuda"), py_int(1)})).as<Text>().bytes,
            "cuda:1");
  expect_refused(py_call(py_global("torch._utils", "_rebuild_parameter"), {py_int(1), kTrue, kNone}),
                 "not a tensor");
}

}  // namespace
}  // namespace toonmirror::checkpoint
