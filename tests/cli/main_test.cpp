#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "support/program.h"

namespace toonmirror::cli {
namespace {

using ::testing::HasSubstr;
using testing::ProgramResult;
using testing::run_program;
using ::testing::StartsWith;

ProgramResult toonmirror_with(const std::vector<std::string>& arguments) {
  return run_program(TOONMIRROR_PROGRAM, arguments);
}

// The names under "Commands:" in the help.
std::vector<std::string> listed_commands() {
  std::istringstream help(toonmirror_with({"--help"}).output);
  std::vector<std::string> commands;
  bool inside = false;
  for (std::string line; std::getline(help, line);) {
    if (line.empty()) inside = false;
    if (inside) commands.push_back(line.substr(2, line.find(' ', 2) - 2));
    if (line == "Commands:") inside = true;
  }
  return commands;
}

TEST(Main, VersionAndHelpGoToStandardOutput) {
  const ProgramResult version = toonmirror_with({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.output, ::testing::MatchesRegex("toonmirror [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  const ProgramResult help = toonmirror_with({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.output, HasSubstr("doctor"));
  EXPECT_EQ(help.errors, "");
}

TEST(Main, EveryCommandExplainsItself) {
  ASSERT_FALSE(listed_commands().empty());
  for (const std::string& command : listed_commands()) {
    const ProgramResult help = toonmirror_with({command, "--help"});
    EXPECT_EQ(help.exit_code, 0) << command;
    EXPECT_THAT(help.output, HasSubstr("Usage: toonmirror " + command));
    EXPECT_EQ(help.errors, "") << command;
  }
}

TEST(Main, WrongUseIsOneLineAHintAndCode2) {
  const std::vector<std::vector<std::string>> wrong = {
      {}, {"nonsense"}, {"--nonsense"}, {"inspect"}, {"inspect", "a", "b"}, {"doctor", "--nonsense"}};
  for (const std::vector<std::string>& arguments : wrong) {
    const ProgramResult result = toonmirror_with(arguments);
    EXPECT_EQ(result.exit_code, 2) << ::testing::PrintToString(arguments);
    EXPECT_THAT(result.errors, ::testing::MatchesRegex("toonmirror: error: [^\n]+\nhint: [^\n]+\n"));
    EXPECT_EQ(result.output, "");
  }
  EXPECT_THAT(toonmirror_with({"nonsense"}).errors,
              HasSubstr("there is no command, and no file, 'nonsense'"));
  EXPECT_THAT(toonmirror_with({"covert"}).errors, HasSubstr("did you mean 'convert'?"));
  EXPECT_THAT(toonmirror_with({"doctor", "--jsno"}).errors, HasSubstr("did you mean --json?"));
  EXPECT_THAT(toonmirror_with({"inspect"}).errors, HasSubstr("toonmirror inspect --help"));
}

TEST(Main, FailureOnTheInputIsCode1) {
  const ProgramResult result = toonmirror_with({"inspect", "no-such-file.safetensors"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, StartsWith("toonmirror: error: no-such-file.safetensors: "));
}

TEST(Main, OutputThatCannotBeWrittenIsAFailure) {
  if (!std::ofstream("/dev/full")) GTEST_SKIP() << "needs /dev/full";
  const ProgramResult result =
      run_program("/bin/sh", {"-c", std::string(TOONMIRROR_PROGRAM) + " doctor > /dev/full"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, HasSubstr("standard output: cannot be written"));
}

}  // namespace
}  // namespace toonmirror::cli
