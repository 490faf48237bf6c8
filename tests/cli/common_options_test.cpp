#include "cli/common_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>

#include <CLI/CLI.hpp>
#include <string>

#include "base/log.h"
#include "base/usage_error.h"
#include "engine/backend.h"

namespace toonmirror::cli {
namespace {

// The options as a command line gives them.
ComputeOptions parsed(const std::string& arguments) {
  CLI::App app;
  ComputeOptions options;
  add_compute_options(app, options);
  app.parse(arguments);
  return options;
}

TEST(ComputeOptions, AutoIsAlwaysPossible) {
  const Compute compute = choose_compute(parsed(""));
  EXPECT_EQ(compute.precision, engine::bfloat16_pays() ? c10::ScalarType::BFloat16 : c10::ScalarType::Float);
  EXPECT_GE(compute.threads, 1);
}

TEST(ComputeOptions, ExplicitChoicesAreObeyed) {
  const Compute compute = choose_compute(parsed("--device cpu --precision bf16 --threads 3"));
  EXPECT_TRUE(compute.device.is_cpu());
  EXPECT_EQ(compute.precision, c10::ScalarType::BFloat16);
  EXPECT_EQ(compute.threads, 3);
}

TEST(ComputeOptions, NonsenseIsRefusedWhileParsing) {
  for (const char* arguments :
       {"--device gpu", "--device cuda:", "--device cuda:x", "--device cuda:-1", "--device cuda:1000",
        "--precision fp64", "--precision fp16", "--threads -1", "--threads two"}) {
    EXPECT_THROW(parsed(arguments), CLI::ParseError) << arguments;
  }
}

TEST(ComputeOptions, IntegersAreForNetworksMadeFromNowOn) {
  EXPECT_EQ(choose_compute(parsed("--precision int8")).precision, choose_compute(parsed("")).precision);
  choose_compute(parsed("--precision int8"));
  EXPECT_TRUE(engine::int8());
  choose_compute(parsed("--precision fp32"));
  EXPECT_FALSE(engine::int8());
}

TEST(ComputeOptions, AGpuThatIsNotThereIsRefused) {
  EXPECT_THROW(choose_compute(parsed("--device cuda:99")), UsageError);
  if (torch::cuda::device_count() == 0) {
    EXPECT_THROW(choose_compute(parsed("--device cuda")), UsageError);
  }
}

TEST(VerbosityOptions, ActWhileParsingAndExcludeEachOther) {
  const auto parse = [](const std::string& arguments) {
    set_up_logging(Verbosity::kNormal);
    CLI::App app;
    add_verbosity_options(app);
    app.parse(arguments);
    return verbosity();
  };
  EXPECT_EQ(parse(""), Verbosity::kNormal);
  EXPECT_EQ(parse("--quiet"), Verbosity::kQuiet);
  EXPECT_EQ(parse("-v"), Verbosity::kVerbose);
  EXPECT_THROW(parse("--quiet --verbose"), CLI::ParseError);
  set_up_logging(Verbosity::kNormal);
}

}  // namespace
}  // namespace toonmirror::cli
