#include "base/machine.h"

#include <gtest/gtest.h>

#include <sstream>

namespace toonmirror {
namespace {

TEST(Processor, ReadsTheFirstCore) {
  std::istringstream cpuinfo(
      "processor\t: 0\nmodel name\t: Some CPU: the second\nflags\t\t: fpu avx2 amx_tile\n\n"
      "processor\t: 1\nmodel name\t: Another\nflags\t\t: avx512f\n");
  const Processor processor = read_processor(cpuinfo);
  EXPECT_EQ(processor.model, "Some CPU: the second");
  EXPECT_TRUE(processor.has("avx2"));
  EXPECT_TRUE(processor.has("amx_tile"));
  EXPECT_FALSE(processor.has("avx512f"));
  EXPECT_FALSE(processor.has("avx"));
}

TEST(Processor, SurvivesAnUnusualKernel) {
  std::istringstream cpuinfo("no colon\n: no key\nflags:\n");
  EXPECT_EQ(read_processor(cpuinfo).model, "unknown");
}

TEST(Machine, HasACoreAndMemory) {
  EXPECT_GE(usable_cores(), 1);
  EXPECT_GE(read_memory().total_bytes, read_memory().available_bytes / 2);
  EXPECT_GT(read_memory().total_bytes, 0U);
}

}  // namespace
}  // namespace toonmirror
