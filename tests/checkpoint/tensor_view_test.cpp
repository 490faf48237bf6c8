#include "checkpoint/tensor_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "base/error.h"

namespace toonmirror::checkpoint {
namespace {

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

TensorView view_of(uint64_t count, uint64_t offset, std::vector<int64_t> shape,
                   std::vector<int64_t> strides) {
  auto storage = std::make_shared<Storage>();
  storage->count = count;
  return {storage, std::move(shape), std::move(strides), offset};
}

TEST(TensorView, CountsAndBytesThatOverflowAreRefused) {
  EXPECT_EQ(checked_count(std::vector<int64_t>{}), 1u);
  EXPECT_EQ(checked_count(std::vector<int64_t>{2, 3, 4}), 24u);
  EXPECT_EQ(checked_count(std::vector<int64_t>{2, 0, 4}), 0u);
  EXPECT_THROW(checked_count(std::vector<int64_t>{-1}), Error);
  EXPECT_THROW(checked_count(std::vector<int64_t>{0, -1}), Error);
  EXPECT_THROW(checked_count(std::vector<int64_t>{kHuge, 2}), Error);
  EXPECT_THROW(checked_count(std::vector<int64_t>{int64_t{1} << 32, int64_t{1} << 32}), Error);
  EXPECT_THROW(checked_count(std::vector<int64_t>{kHuge, kHuge, 0}), Error);
  EXPECT_THROW(checked_bytes(uint64_t{1} << 61, at::kFloat), Error);
}

TEST(TensorView, DenseStrides) {
  EXPECT_EQ(dense_strides(std::vector<int64_t>{2, 3, 4}), (std::vector<int64_t>{12, 4, 1}));
  EXPECT_EQ(dense_strides(std::vector<int64_t>{2, 3, 4}, /*fortran=*/true), (std::vector<int64_t>{1, 2, 6}));
  EXPECT_TRUE(dense_strides(std::vector<int64_t>{}).empty());
}

// Against looking at every number of the view.
TEST(TensorView, AcceptsExactlyWhatLiesInTheStorage) {
  std::mt19937 random(1);
  const auto below = [&random](int limit) {
    return static_cast<int64_t>(random() % static_cast<unsigned>(limit));
  };
  int accepted = 0;
  for (int round = 0; round < 5000; ++round) {
    const auto rank = static_cast<size_t>(below(4));
    std::vector<int64_t> shape, strides;
    for (size_t i = 0; i < rank; ++i) {
      shape.push_back(below(5));
      strides.push_back(below(7));
    }
    const auto count = static_cast<uint64_t>(below(40)), offset = static_cast<uint64_t>(below(20));
    int64_t largest = static_cast<int64_t>(offset);
    for (size_t i = 0; i < rank; ++i) largest += (shape[i] - 1) * strides[i];
    const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
    const bool inside = empty || largest < static_cast<int64_t>(count);
    const TensorView view = view_of(count, offset, shape, strides);
    if (inside) {
      EXPECT_NO_THROW(check_view(view));
      ++accepted;
    } else {
      EXPECT_THROW(check_view(view), Error);
    }
  }
  EXPECT_GT(accepted, 1000);
}

TEST(TensorView, RefusesWhatOverflows) {
  EXPECT_THROW(check_view(view_of(4, 0, {2}, {-1})), Error);
  EXPECT_THROW(check_view(view_of(4, 0, {2}, {1, 1})), Error);
  EXPECT_THROW(check_view(view_of(4, 0, {3}, {kHuge})), Error);
  EXPECT_THROW(check_view(view_of(4, 0, {2, 2, 2}, {kHuge, kHuge, kHuge})), Error);
  EXPECT_THROW(check_view(view_of(4, static_cast<uint64_t>(kHuge), {2, 2}, {kHuge, 1})), Error);
  EXPECT_THROW(check_view(view_of(4, 0, std::vector<int64_t>(17, 1), std::vector<int64_t>(17, 1))), Error);
  EXPECT_NO_THROW(check_view(view_of(1, 0, {1000, 1000}, {0, 0})));
}

}  // namespace
}  // namespace toonmirror::checkpoint
