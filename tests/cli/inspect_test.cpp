#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace toonmirror::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;
using testing::run_program;
using testing::TemporaryFolder;

class InspectTest : public ::testing::Test {
 protected:
  // A small network with the metadata of a house model, and one value that tries to steer the terminal.
  std::string write_model() {
    const nlohmann::json header = {
        {"__metadata__",
         {{"toonmirror.kind", "generator"},
          {"toonmirror.architecture", R"({"resolution":256,"noise":true})"},
          {"licence", "CC BY-NC-SA 4.0"},
          {"provenance", "a test \x1b[2J"}}},
        {"conv.weight", {{"dtype", "F16"}, {"shape", {4, 3, 3, 3}}, {"data_offsets", {0, 216}}}},
        {"conv.bias", {{"dtype", "F32"}, {"shape", {4}}, {"data_offsets", {216, 232}}}}};
    const std::string json = header.dump();
    std::string length(8, '\0');
    for (size_t byte = 0; byte < length.size(); ++byte)
      length[byte] = static_cast<char>(json.size() >> (8 * byte));
    return folder_.write("small.safetensors", length + json + std::string(232, '\0'));
  }

  static ProgramResult inspect(const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {"inspect"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run_program(TOONMIRROR_PROGRAM, words);
  }

  TemporaryFolder folder_;
};

TEST_F(InspectTest, SaysWhatItCanOfANetworkThatCannotBeUsedAndFails) {
  const ProgramResult result = inspect({write_model()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, HasSubstr("small.safetensors: its architecture is not understood\n"));
  for (const char* part :
       {"generator", "resolution = 256", "noise = true", "CC BY-NC-SA 4.0", "1 in F16, 1 in F32"}) {
    EXPECT_THAT(result.output, HasSubstr(part));
  }
  EXPECT_THAT(result.output, ::testing::ContainsRegex("parameters +112\n"));
  EXPECT_THAT(result.output, Not(HasSubstr("conv.weight")));
  EXPECT_THAT(result.output, Not(HasSubstr("\x1b")));
}

TEST_F(InspectTest, ListsTensorsWhenAsked) {
  const ProgramResult result = inspect({write_model(), "--tensors"});
  EXPECT_THAT(result.output, ::testing::ContainsRegex("F16 +\\[4,3,3,3\\] +conv.weight\n"));
  EXPECT_THAT(result.output, ::testing::ContainsRegex("F32 +\\[4\\] +conv.bias\n"));
}

TEST_F(InspectTest, JsonHoldsTheSameFacts) {
  const std::string path = write_model();
  const auto report = nlohmann::json::parse(inspect({path, "--json", "--tensors"}).output);
  EXPECT_EQ(report.at("file"), path);
  EXPECT_EQ(report.at("kind"), "generator");
  EXPECT_EQ(report.at("architecture").at("resolution"), 256);
  EXPECT_EQ(report.at("metadata").at("licence"), "CC BY-NC-SA 4.0");
  EXPECT_EQ(report.at("tensors"), 2);
  EXPECT_EQ(report.at("parameters"), 112);
  EXPECT_EQ(report.at("types").at("F16"), 1);
  EXPECT_EQ(report.at("bytes"), std::filesystem::file_size(path));
  EXPECT_EQ(report.at("sha256").get<std::string>().size(), 64U);
  EXPECT_EQ(report.at("tensor_table").size(), 2U);
}

TEST_F(InspectTest, ExplainsWhatElseAFileIs) {
  const auto errors_for = [this](const std::string& content) {
    const ProgramResult result = inspect({folder_.write("model.safetensors", content)});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.output, "");
    return result.errors;
  };
  EXPECT_THAT(errors_for(""), HasSubstr("is empty"));
  EXPECT_THAT(errors_for("PK\x03\x04 and more"), HasSubstr("zip archive"));
  EXPECT_THAT(errors_for("<!doctype html><title>404</title>"), HasSubstr("HTML page"));
  EXPECT_THAT(errors_for("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("git lfs pull"));
  EXPECT_THAT(errors_for("\x80\x02}q\x01."), HasSubstr("pickle"));
  const std::string whole = testing::read_file(write_model());
  EXPECT_THAT(errors_for(whole.substr(0, whole.size() - 1)), HasSubstr("damaged"));
}

}  // namespace
}  // namespace toonmirror::cli
