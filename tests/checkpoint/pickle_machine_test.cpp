#include "checkpoint/pickle_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "checkpoint/python.h"

namespace toonmirror::checkpoint {
namespace {

using namespace toonmirror::testing;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string printed(const Value& value);

std::string printed(const std::vector<Value*>& values) {
  std::string result;
  for (const Value* value : values) result += (result.empty() ? "" : " ") + printed(*value);
  return result;
}

// A value as text: "[1 2]" is a list, "(1 2)" a tuple, "{1 2}" a set, "{1:2}" a dictionary.
std::string printed(const Value& value) {
  if (value.is<None>()) return "None";
  if (const auto* truth = value.get_if<bool>()) return *truth ? "True" : "False";
  if (const auto* number = value.get_if<int64_t>()) return std::to_string(*number);
  if (const auto* number = value.get_if<double>()) return fmt::format("{}f", *number);
  if (const auto* number = value.get_if<BigInteger>())
    return fmt::format("{}-byte integer", number->bytes.size());
  if (const auto* text = value.get_if<Text>())
    return (text->python2 ? "b'" : "'") + std::string(text->bytes) + "'";
  if (const auto* blob = value.get_if<Blob>()) return fmt::format("{} bytes", blob->size);
  if (const auto* global = value.get_if<const Global*>()) return (*global)->full_name();
  if (const auto* sequence = value.get_if<Sequence>()) {
    const char* brackets[] = {"[]", "()", "{}"};
    const char* pair = brackets[static_cast<size_t>(sequence->kind)];
    return pair[0] + printed(sequence->items) + pair[1];
  }
  std::string result;
  if (const auto* dict = value.get_if<Dict>()) {
    for (const auto& [key, item] : dict->entries) {
      result += (result.empty() ? "" : " ") + printed(*key) + ":" + printed(*item);
    }
    return "{" + result + "}";
  }
  if (const auto* object = value.get_if<Object>()) {
    return object->type->full_name() + (object->state == nullptr ? "" : printed(*object->state));
  }
  return "?";
}

std::string read(const std::string& pickle) {
  ValueArena arena(pickle.size());
  ByteReader reader(bytes_in(pickle));
  return printed(*read_pickle(reader, arena, {}));
}

void expect_refused(const std::string& pickle, const std::string& reason) {
  EXPECT_THAT([&] { read(pickle); }, ThrowsMessage<Error>(HasSubstr(reason))) << reason;
}

TEST(PickleMachine, NumbersOfAllProtocols) {
  EXPECT_EQ(read("I42\n."), "42");
  EXPECT_EQ(read("I-7\n."), "-7");
  EXPECT_EQ(read("I01\n."), "True");
  EXPECT_EQ(read("I00\n."), "False");
  EXPECT_EQ(read("L9223372036854775807L\n."), "9223372036854775807");
  EXPECT_EQ(read("F-1.5e3\n."), "-1500f");
  EXPECT_EQ(read("K\xff."), "255");
  EXPECT_EQ(read("M\x01\x02."), "513");
  EXPECT_EQ(read("J\xff\xff\xff\xff."), "-1");
  EXPECT_EQ(read("G\x3f\xf8\0\0\0\0\0\0."s), "1.5f");
  EXPECT_EQ(read("\x8a\0."s), "0");
  EXPECT_EQ(read("\x8a\x01\xff."), "-1");
  EXPECT_EQ(read("\x8a\x02\xff\0."s), "255");
  EXPECT_EQ(read("\x8b\x02\0\0\0\0\x80."s), "-32768");
  for (const int64_t value :
       {std::numeric_limits<int64_t>::min(), int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(read(py_int(value) + "."), std::to_string(value));
  }
  EXPECT_EQ(read("\x8a\x0a" + std::string(10, '\x7f') + "."), "10-byte integer");
  EXPECT_EQ(read("N."), "None");
  EXPECT_EQ(read("\x88\x89\x86."), "(True False)");
  expect_refused("I12x\n.", "where a number");
  expect_refused("L99999999999999999999L\n.", "where a number");
  expect_refused("F1.5 \n.", "where a number");
}

TEST(PickleMachine, TextsAndBytesOfAllProtocols) {
  EXPECT_EQ(read("S'a\\n\\x41\\''\n."), "b'a\nA''");
  EXPECT_EQ(read("V\\u00e9\xe9\n."), "'\xc3\xa9\xc3\xa9'");
  EXPECT_EQ(read("U\x02hi."), "b'hi'");
  EXPECT_EQ(read("T\x02\0\0\0hi."s), "b'hi'");
  EXPECT_EQ(read("\x8c\x02hi."), "'hi'");
  EXPECT_EQ(read("X\x02\0\0\0hi."s), "'hi'");
  EXPECT_EQ(read("\x8d\x02\0\0\0\0\0\0\0hi."s), "'hi'");
  EXPECT_EQ(read("C\x02hi."), "2 bytes");
  EXPECT_EQ(read("B\x02\0\0\0hi."s), "2 bytes");
  EXPECT_EQ(read("\x8e\x02\0\0\0\0\0\0\0hi."s), "2 bytes");
  EXPECT_EQ(read("\x96\x02\0\0\0\0\0\0\0hi."s), "2 bytes");
}

TEST(PickleMachine, Containers) {
  EXPECT_EQ(read("]K\x01"
                 "a(K\x02K\x03"
                 "e."),
            "[1 2 3]");
  EXPECT_EQ(read("(K\x01K\x02l."), "[1 2]");
  EXPECT_EQ(read(")."), "()");
  EXPECT_EQ(read("(K\x01K\x02K\x03K\x04t."), "(1 2 3 4)");
  EXPECT_EQ(read("K\x01\x85K\x02\x86K\x03K\x04\x87."), "(((1) 2) 3 4)");
  EXPECT_EQ(read("}K\x01K\x02s(K\x03K\x04K\x05K\x06u."), "{1:2 3:4 5:6}");
  EXPECT_EQ(read("(K\x01K\x02"
                 "d."),
            "{1:2}");
  EXPECT_EQ(read("\x8f(K\x01K\x02\x90."), "{1 2}");
  EXPECT_EQ(read("(K\x01\x91."), "{1}");
  EXPECT_EQ(read("K\x01K\x02"
                 "02\x86."),
            "(1 1)");
  EXPECT_EQ(read("K\x07(K\x01K\x02"
                 "1."),
            "7");
  EXPECT_EQ(read("K\x07(0."), "7");
}

TEST(PickleMachine, Memo) {
  EXPECT_EQ(read("K\x07p12\n0g12\n."), "7");
  EXPECT_EQ(read("K\x07q\x05"
                 "0h\x05."),
            "7");
  EXPECT_EQ(read("K\x07r\xff\xff\xff\xff"
                 "0j\xff\xff\xff\xff."),
            "7");
  EXPECT_EQ(read("K\x07\x94"
                 "0K\x08\x94"
                 "0h\0h\x01\x86."s),
            "(7 8)");
  // A list in the memo is the list itself, not a copy of it.
  EXPECT_EQ(read("]\x94h\0K\x01"
                 "a0h\0."s),
            "[1]");
}

TEST(PickleMachine, FramesAndProtocols) {
  for (char protocol = 0; protocol <= 5; ++protocol) EXPECT_EQ(read("\x80"s + protocol + "N."), "None");
  EXPECT_EQ(read("\x80\x04\x95\x02\0\0\0\0\0\0\0N."s), "None");
  expect_refused("\x80\x06N.", "protocol 6");
  expect_refused("\x95\xff\xff\xff\xff\xff\xff\xff\xffN.", "a frame of 18446744073709551615 bytes");
}

TEST(PickleMachine, EveryWayToNameSomethingIsGuarded) {
  expect_refused("cos\nsystem\n.", "refers to os.system: refused");
  expect_refused("\x8c\x02os\x8c\x06system\x93.", "refers to os.system: refused");
  expect_refused(
      "\x8c\x02os\x94"
      "0\x8c\x06system\x94"
      "0h\0h\x01\x93."s,
      "refers to os.system: refused");
  expect_refused("(S'echo'\nios\nsystem\n.", "refers to os.system: refused");
  expect_refused("(cos\nsystem\nS'echo'\no.", "refers to os.system: refused");
  expect_refused("K\x01K\x02\x93.", "not a text");
  for (const char* code : {"\x82\x01.", "\x83\x01\x01.", "\x84\x01\x01\x01\x01."}) {
    expect_refused(code, "extension registry: refused");
  }
  expect_refused("\x97.", "buffers outside of the file: refused");
  expect_refused("N\x98.", "buffers outside of the file: refused");
  expect_refused("Pkey\n.", "outside of its pickle: refused");
  expect_refused("NQ.", "outside of its pickle: refused");
}

TEST(PickleMachine, AllowedObjectsOfAllProtocols) {
  const std::string expected = "argparse.Namespace{'a':1}";
  const std::string state = py_dict({{"a", "K\x01"}});
  EXPECT_EQ(read("cargparse\nNamespace\n)\x81" + state + "b."), expected);
  EXPECT_EQ(read("cargparse\nNamespace\n)R" + state + "b."), expected);
  EXPECT_EQ(read("cargparse\nNamespace\n)}\x92" + state + "b."), expected);
  EXPECT_EQ(read("(iargparse\nNamespace\n" + state + "b."), expected);
  EXPECT_EQ(read("(cargparse\nNamespace\no" + state + "b."), expected);
  EXPECT_EQ(
      read("ccopy_reg\n_reconstructor\n(cargparse\nNamespace\nc__builtin__\nobject\nNtR" + state + "b."),
      expected);
  expect_refused("cargparse\nNamespace\n)" + state + "\x92.", "by keywords: refused");
  expect_refused("K\x01)R.", "not a constructor: refused");
  expect_refused("(o.", "without a class");
}

TEST(PickleMachine, DamagedPicklesAreRefused) {
  expect_refused("", "has no end");
  expect_refused("K\x01", "has no end");
  expect_refused("K", "cut off");
  expect_refused(".", "stack");
  expect_refused("R.", "stack");
  expect_refused("K\x01(.", "stack");
  expect_refused("t.", "never opened");
  expect_refused("K\x01(K\x02s.", "stack");  // may not take what lies below the mark
  expect_refused("h\x01.", "never stored");
  expect_refused("g-1\n.", "never stored");
  expect_refused("gx\n.", "where a number");
  expect_refused("NNa.", "no list");
  expect_refused(")Na.", "no list");
  expect_refused("]NNs.", "no dictionary");
  expect_refused("}(Nu.", "no dictionary");
  expect_refused("\xff.", "unknown operation 0xff");
  expect_refused("I12", "without an end");
  expect_refused("T\xff\xff\xff\xffx.", "4294967295 bytes");
  expect_refused("\x8d\xff\xff\xff\xff\xff\xff\xff\x7fx.", "9223372036854775807 bytes");
  expect_refused("\x8b\xff\xff\xff\xff.", "4294967295 bytes");
}

TEST(PickleMachine, WorkIsBoundedWhateverTheFileSays) {
  expect_refused(std::string(2'100'000, '(') + ".", "more steps");
  expect_refused(std::string(1'100'000, ']') + ".", "more values");
  // A long text that a few bytes each have decoded again and again.
  std::string again = py_text(std::string(1 << 20, 'a')) +
                      "q\x01"
                      "0";
  for (int i = 0; i < 1000; ++i) again += "c_codecs\nencode\nh\x01X\x06\0\0\0latin1\x86R0"s;
  expect_refused(again + "N.", "grow without bound");
}

TEST(PickleMachine, EveryCutIsNoticed) {
  const std::string whole = pickled(py_network({{"a", py_floats({2}, {1, 2})}}));
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_THROW(read(whole.substr(0, size)), Error) << size;
  EXPECT_NO_THROW(read(whole));
}

}  // namespace
}  // namespace toonmirror::checkpoint
