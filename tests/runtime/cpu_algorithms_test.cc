// oneTBB's parallel algorithms inside cpu().
#include <gtest/gtest.h>
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/parallel_sort.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "magpie/runtime/cpu.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"

namespace magpie::testing {
namespace {

constexpr std::size_t size = 100'000;

// Parameter: the slots of the arena.
class cpu_algorithms_test : public ::testing::TestWithParam<std::size_t> {
 protected:
  options settings() { return options().workers(2).cpu_threads(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(slots, cpu_algorithms_test, ::testing::Values(1U, 2U, 4U));

std::size_t sum_of_squares() {
  return tbb::parallel_reduce(
      tbb::blocked_range<std::size_t>(0, size), std::size_t{0},
      [](const tbb::blocked_range<std::size_t>& part, std::size_t sum) {
        for (std::size_t i = part.begin(); i != part.end(); ++i)
          sum += i * i;
        return sum;
      },
      std::plus<>());
}

constexpr std::size_t expected_sum = (size - 1) * size * (2 * size - 1) / 6;

TEST_P(cpu_algorithms_test, reduce) {
  auto body = []() -> task<std::size_t> {
    const std::size_t sum = co_await cpu(sum_of_squares);
    co_return sum;
  };
  EXPECT_EQ(run(body(), settings()), expected_sum);
}

TEST_P(cpu_algorithms_test, sort) {
  auto body = []() -> task<bool> {
    std::vector<std::size_t> values(size);
    for (std::size_t i = 0; i < size; ++i)
      values[i] = i * 7919 % size;
    co_await cpu([&values] { tbb::parallel_sort(values.begin(), values.end()); });
    co_return std::is_sorted(values.begin(), values.end());
  };
  EXPECT_TRUE(run(body(), settings()));
}

// Several at once, which wait for their own parts inside the same arena.
TEST_P(cpu_algorithms_test, at_once) {
  auto one = []() -> task<std::size_t> {
    const std::size_t sum = co_await cpu(sum_of_squares);
    co_return sum;
  };
  auto body = [&one]() -> task<> {
    std::vector<task<std::size_t>> tasks;
    for (int i = 0; i < 20; ++i)
      tasks.push_back(one());
    const std::vector<std::size_t> sums = co_await gather(std::move(tasks));
    for (const std::size_t sum : sums)
      EXPECT_EQ(sum, expected_sum);
  };
  run(body(), settings());
}

TEST_P(cpu_algorithms_test, an_exception_from_inside) {
  auto body = []() -> task<bool> {
    try {
      co_await cpu([] {
        tbb::parallel_for(std::size_t{0}, size, [](std::size_t i) {
          if (i == size / 2) throw std::runtime_error("part");
        });
      });
    } catch (const std::runtime_error&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(run(body(), settings()));
}

}  // namespace
}  // namespace magpie::testing
