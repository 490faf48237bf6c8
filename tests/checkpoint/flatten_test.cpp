#include "checkpoint/flatten.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "checkpoint/pickle_machine.h"
#include "checkpoint/python.h"

namespace toonmirror::checkpoint {
namespace {

using namespace toonmirror::testing;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

FlatCheckpoint flat(const std::string& value) {
  // Kept for the whole test: views point into it.
  static std::deque<std::string> files;
  const std::string& pickle = files.emplace_back(pickled(value));
  ValueArena arena(pickle.size());
  ByteReader reader(bytes_in(pickle));
  return flatten(*read_pickle(reader, arena, {}), pickle.size());
}

std::vector<std::string> names(const FlatCheckpoint& checkpoint) {
  std::vector<std::string> result;
  for (const auto& [name, tensor] : checkpoint.tensors) result.push_back(name);
  return result;
}

void expect_refused(const std::string& value, const std::string& reason) {
  EXPECT_THAT([&] { flat(value); }, ThrowsMessage<Error>(HasSubstr(reason))) << reason;
}

const std::string kTensor = py_floats({1}, {1.0f});

TEST(Flatten, NamesArePathsAndSettingsAreTheRest) {
  const FlatCheckpoint checkpoint =
      flat(py_dict({{"a", py_dict({{"b.c", kTensor}, {"n", py_int(3)}})},
                    {"list", py_list({kTensor, py_text("x"), py_tuple({kTrue, kNone})})}}) +
           py_int(7) + py_list({kTensor}) + "s");
  EXPECT_THAT(names(checkpoint), ElementsAre("7.0", "a.b.c", "list.0"));
  EXPECT_EQ(checkpoint.settings,
            json::parse(R"({"a": {"n": 3}, "list": [null, "x", [true, null]], "7": [null]})"));
}

TEST(Flatten, ATensorAloneHasAName) { EXPECT_THAT(names(flat(kTensor)), ElementsAre("tensor")); }

TEST(Flatten, OfEqualKeysTheLastCounts) {
  const FlatCheckpoint checkpoint = flat(py_dict({{"a", kTensor}, {"a", py_int(1)}}));
  EXPECT_TRUE(checkpoint.tensors.empty());
  EXPECT_EQ(checkpoint.settings, json::parse(R"({"a": 1})"));
}

TEST(Flatten, TwoTensorsOfOneNameAreRefused) {
  expect_refused(py_dict({{"a.b", kTensor}, {"a", py_dict({{"b", kTensor}})}}), "two tensors named a.b");
}

TEST(Flatten, ObjectsCarryTheirClass) {
  const auto settings =
      flat(py_object(py_global("argparse", "Namespace"), py_dict({{"lr", "G\x3f\xe0\0\0\0\0\0\0"s}})))
          .settings;
  EXPECT_EQ(settings, json::parse(R"({"__class__": "argparse.Namespace", "lr": 0.5})"));
}

TEST(Flatten, VariablesOfANetworkAreADictionary) {
  const std::string scalar = py_call(py_global("numpy.core.multiarray", "scalar"),
                                     {py_numpy_type("f4"), py_bytes(bytes_of<float>({2.5f}))});
  const FlatCheckpoint checkpoint = flat(
      py_tuple({kNone, py_network({{"lod", scalar}, {"avg", kTensor}, {"note", py_text("x")}},
                                  py_dict({{"synthesis", py_network({{"4x4/Const/const", kTensor}})}}))}));
  EXPECT_TRUE(checkpoint.has_tensorflow_network);
  EXPECT_THAT(names(checkpoint), ElementsAre("1.components.synthesis.variables.4x4/Const/const",
                                             "1.variables.avg", "1.variables.lod"));
  const json& network = checkpoint.settings[1];
  EXPECT_EQ(network["__class__"], "dnnlib.tflib.network.Network");
  EXPECT_EQ(network["static_kwargs"]["resolution"], 8);
  EXPECT_EQ(network["variables"], json::parse(R"({"note": "x"})"));
  EXPECT_FALSE(network.contains("build_module_src"));
  expect_refused(
      py_object(py_global("dnnlib.tflib.network", "Network"), py_dict({{"variables", py_list({py_int(1)})}})),
      "variable");
}

TEST(Flatten, NumpyScalarsElsewhereAreNumbers) {
  const auto scalar = [](const std::string& type, const std::string& bytes) {
    return py_call(py_global("numpy.core.multiarray", "scalar"), {py_numpy_type(type), py_bytes(bytes)});
  };
  const FlatCheckpoint checkpoint = flat(py_dict({{"f8", scalar("f8", bytes_of<double>({-1.25}))},
                                                  {"i8", scalar("i8", bytes_of<int64_t>({-3}))},
                                                  {"f2", scalar("f2", "\0\x3c"s)},
                                                  {"u1", scalar("u1", "\xff")},
                                                  {"b1", scalar("b1", "\x02")}}));
  EXPECT_TRUE(checkpoint.tensors.empty());
  EXPECT_EQ(checkpoint.settings, json::parse(R"({"f8": -1.25, "i8": -3, "f2": 1.0, "u1": 255, "b1": true})"));
}

TEST(Flatten, ModulesOfPersistenceLoseTheirInnerLevels) {
  const auto module = [](const std::string& name, const std::string& state) {
    return py_call(py_global("torch_utils.persistence", "_reconstruct_persistent_obj"),
                   {py_dict({{"type", py_text("class")},
                             {"version", py_int(6)},
                             {"module_src", py_text("raise RuntimeError()")},
                             {"class_name", py_text(name)},
                             {"state", state}})});
  };
  const std::string layer =
      module("Layer", py_dict({{"_parameters", py_dict({{"weight", kTensor}, {"bias", kNone}})},
                               {"_buffers", py_dict({{"noise_const", kTensor}})},
                               {"_modules", py_call(py_global("collections", "OrderedDict"), {})},
                               {"_forward_hooks", py_dict({{"0", kNone}})},
                               {"_init_kwargs", py_dict({{"up", py_int(2)}})},
                               {"conv_clamp", py_int(256)}}));
  const FlatCheckpoint checkpoint = flat(py_dict(
      {{"G_ema",
        module("Generator", py_dict({{"_modules", py_dict({{"conv1", layer}})}, {"z_dim", py_int(64)}}))}}));
  EXPECT_TRUE(checkpoint.has_module);
  EXPECT_THAT(names(checkpoint), ElementsAre("G_ema.conv1.noise_const", "G_ema.conv1.weight"));
  EXPECT_EQ(checkpoint.settings, json::parse(R"({"G_ema": {"class_name": "Generator", "z_dim": 64, "conv1": {
      "class_name": "Layer", "bias": null, "conv_clamp": 256, "_init_kwargs": {"up": 2}}}})"));
  expect_refused(module("Layer", kNone), "without a state");
}

TEST(Flatten, LongTextsAndBytesAreLeftOut) {
  const FlatCheckpoint checkpoint = flat(py_dict({{"long", py_text(std::string(5000, 'x'))},
                                                  {"bytes", py_bytes("abc")},
                                                  {"latin1", "U\x01\xe9"},
                                                  {"type", py_global("torch", "float32")}}));
  EXPECT_EQ(checkpoint.settings, json::parse(R"({"latin1": "é", "type": "torch.float32"})"));
}

TEST(Flatten, CyclesAndDepthAreRefused) {
  expect_refused("]q\1h\1a", "contains itself");
  expect_refused("}q\1X\1\0\0\0ah\1s"s, "contains itself");
  const std::string deepest = std::string(100, ']') + std::string(99, 'a');
  EXPECT_NO_THROW(flat(deepest));
  expect_refused(std::string(102, ']') + std::string(101, 'a'), "100 levels");
  EXPECT_NO_THROW(flat(deepest).settings.dump());
}

TEST(Flatten, ValuesSharedExponentiallyAreRefused) {
  std::string lists = "]q\0"s;
  for (int i = 0; i < 64; ++i)
    lists += "](h"s + static_cast<char>(i) + "h"s + static_cast<char>(i) + "eq" + static_cast<char>(i + 1);
  expect_refused(lists, "grow without bound");
  std::string long_texts = py_text(std::string(4000, 'x')) + "q\1" + "0](";
  for (int i = 0; i < 100'000; ++i) long_texts += "h\1";
  expect_refused(long_texts + "e", "grow without bound");
  expect_refused(py_dict({{std::string(2000, 'x'), kNone}}), "name of more than 1024 bytes");
}

}  // namespace
}  // namespace toonmirror::checkpoint
