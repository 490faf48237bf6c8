#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "app/doctor_checks.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace toonmirror::cli {
namespace {

using ::testing::HasSubstr;
using testing::ProgramResult;
using testing::run_program;

TEST(Doctor, ExitCodeTellsWhetherAnythingEssentialIsMissing) {
  const ProgramResult result = run_program(TOONMIRROR_PROGRAM, {"doctor", "--json"});
  const auto report = nlohmann::json::parse(result.output);
  bool missing = false;
  std::set<std::string> parts;
  for (const auto& finding : report.at("findings")) {
    parts.insert(finding.at("part").get<std::string>());
    EXPECT_NE(finding.at("detail"), "");
    if (finding.at("health") != "ok") {
      EXPECT_NE(finding.at("hint"), "") << finding;
    }
    missing = missing || finding.at("health") == "missing";
  }
  EXPECT_EQ(report.at("ready").get<bool>(), !missing);
  EXPECT_EQ(result.exit_code, missing ? 1 : 0);
  for (const char* part : {"processor", "LibTorch", "BLAS", "FFmpeg", "H.264 encoder", "landmarks"}) {
    EXPECT_TRUE(parts.contains(part)) << part;
  }
}

TEST(Doctor, NamesADamagedModel) {
  const testing::TemporaryFolder folder;
  folder.write("damaged.safetensors", "<html>");
  const ProgramResult result =
      run_program(TOONMIRROR_PROGRAM, {"doctor"}, {{"TOONMIRROR_MODELS", folder.path().string()}});
  EXPECT_THAT(result.output, ::testing::ContainsRegex("warning +model .*damaged.safetensors"));
}

TEST(BlasName, KnowsWhereDebianInstallsThem) {
  EXPECT_EQ(app::blas_name("/usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3"), "OpenBLAS (pthread)");
  EXPECT_EQ(app::blas_name("/usr/lib/x86_64-linux-gnu/libopenblas.so.0"), "OpenBLAS");
  EXPECT_EQ(app::blas_name("/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0"), "reference BLAS");
  EXPECT_EQ(app::blas_name("/opt/other/libother.so"), "unknown BLAS");
}

}  // namespace
}  // namespace toonmirror::cli
