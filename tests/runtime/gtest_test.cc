// The macros for GoogleTest, where they succeed. Those that fail are in gtest_failures.cc.
#include "magpie/runtime/testing/gtest.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/current_task.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace gtest_test {

using namespace std::chrono_literals;

task<int> number(int value) {
  co_await yield();
  co_return value;
}

task<> fail() {
  co_await yield();
  throw std::runtime_error("as expected");
}

std::size_t workers_here() {
  return internal::current_worker()->owner().workers().size();
}

// ---------------------------------------------------------------------------------- tests

CO_TEST(co_test, awaits) {
  const int four = co_await number(4);
  EXPECT_EQ(four, 4);
  const auto [a, b] = co_await gather(number(1), number(2));
  CO_ASSERT_EQ(a + b, 3);
}

CO_TEST(co_test, is_a_task_of_its_own_name) {
  const task_info self = co_await current_task();
  EXPECT_EQ(self.name, "co_test.is_a_task_of_its_own_name");
}

CO_SIM_TEST(co_test, sleeps_without_sleeping) {
  const auto before = clock::now();
  co_await sleep_for(1000h);
  EXPECT_EQ(clock::now() - before, 1000h);
}

// Beside those there are tests of the usual kind.
TEST(co_test, and_one_that_is_none) {
  SUCCEED();
}

class kitchen : public ::testing::Test {
 protected:
  void SetUp() override { plates_ = std::make_unique<int>(3); }
  void TearDown() override { EXPECT_EQ(*plates_, 2); }
  test_settings co_settings() const {
    return test_settings().threads(options().workers(static_cast<std::size_t>(*plates_)));
  }
  task<> take_plate() {
    co_await yield();
    --*plates_;
  }
  std::unique_ptr<int> plates_;
};

CO_TEST_F(kitchen, uses_the_fixture_and_its_settings) {
  EXPECT_EQ(workers_here(), 3U);
  co_await take_plate();
}

CO_SIM_TEST_F(kitchen, is_simulated_although_the_fixture_says_threads) {
  EXPECT_EQ(workers_here(), 1U);
  co_await sleep_for(1000h);
  co_await take_plate();
}

class over_seeds : public ::testing::TestWithParam<int> {
 protected:
  static test_settings co_settings() {
    return test_settings().simulated(simulation_options().workers(4).seed(1));
  }
};
INSTANTIATE_TEST_SUITE_P(three, over_seeds, ::testing::Values(1, 2, 3));

CO_TEST_P(over_seeds, is_simulated_as_the_fixture_says) {
  const int same = co_await number(GetParam());
  CO_ASSERT_EQ(same, GetParam());
  EXPECT_EQ(workers_here(), 4U);
  co_await sleep_for(1000h);
}

CO_SIM_TEST_P(over_seeds, keeps_the_settings_of_a_simulation) {
  EXPECT_EQ(workers_here(), 4U);
  co_await sleep_for(1000h * GetParam());
}

TEST_P(over_seeds, and_one_that_is_no_coroutine) {
  EXPECT_GE(GetParam(), 1);
}

// ---------------------------------------------------------------------------------- assertions

CO_TEST(co_assert_test, all_of_them) {
  const std::string text = "abc";
  CO_ASSERT_TRUE(text == "abc") << "with a message";
  CO_ASSERT_FALSE(text.empty());
  CO_ASSERT_EQ(text, "abc");
  CO_ASSERT_NE(text, "abd");
  CO_ASSERT_LT(1, 2);
  CO_ASSERT_LE(2, 2);
  CO_ASSERT_GT(2, 1);
  CO_ASSERT_GE(2, 2);
  CO_ASSERT_STREQ(text.c_str(), "abc");
  CO_EXPECT_THROW(co_await fail(), std::runtime_error);
  CO_ASSERT_THROW(co_await fail(), std::exception);
  CO_EXPECT_THROW(throw cancelled(), cancelled);
  CO_EXPECT_NO_THROW(co_await number(1));
  CO_ASSERT_NO_THROW(co_await number(1));
  // As a statement among others.
  if (text.empty())
    CO_ASSERT_EQ(1, 2);
  else
    CO_ASSERT_EQ(2, 2);
  co_await yield();
}

bool went_on = false;

task<> stops_in_the_middle() {
  const counted frame;
  const std::string owned(100, 'x');
  const int one = co_await number(1);
  CO_ASSERT_EQ(one, 2) << owned;
  went_on = true;
}

task<> expects_the_wrong_one() {
  const counted frame;
  CO_EXPECT_THROW(co_await fail(), std::logic_error);
  CO_EXPECT_THROW(co_await number(1), std::logic_error);
  CO_EXPECT_NO_THROW(co_await fail());
  went_on = true;
}

task<> asserts_the_wrong_one() {
  const counted frame;
  CO_ASSERT_THROW(co_await number(1), std::logic_error);
  went_on = true;
}

// What fails in there, which GoogleTest does not learn of.
template <class Body>
std::vector<std::string> intercepted(Body body) {
  ::testing::TestPartResultArray parts;
  {
    const ::testing::ScopedFakeTestPartResultReporter kept(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS, &parts);
    body();
  }
  std::vector<std::string> messages;
  for (int i = 0; i < parts.size(); ++i)
    messages.emplace_back(parts.GetTestPartResult(i).message());
  return messages;
}

std::vector<std::string> failures_of(task<> body) {
  went_on = false;
  return intercepted([&] { magpie::run(std::move(body), options().workers(2)); });
}

TEST(co_assert_fails_test, ends_the_coroutine_and_destroys_its_variables) {
  const auto messages = failures_of(stops_in_the_middle());
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_NE(messages[0].find("xxxx"), std::string::npos);
  EXPECT_FALSE(went_on);
  EXPECT_EQ(counted::live(), 0);
}

TEST(co_assert_fails_test, what_was_thrown_instead_is_told) {
  const auto messages = failures_of(expects_the_wrong_one());
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_NE(messages[0].find("it throws std::runtime_error: as expected"), std::string::npos);
  EXPECT_NE(messages[1].find("it throws nothing"), std::string::npos);
  EXPECT_NE(messages[2].find("throws nothing.\n  Actual: it throws std::runtime_error"),
            std::string::npos);
  EXPECT_TRUE(went_on);
}

TEST(co_assert_fails_test, the_wrong_exception_ends_the_coroutine) {
  EXPECT_EQ(failures_of(asserts_the_wrong_one()).size(), 1U);
  EXPECT_FALSE(went_on);
  EXPECT_EQ(counted::live(), 0);
}

// What cancels the test is not what it expects to be thrown.
TEST(co_assert_fails_test, a_cancellation_passes) {
  bool passed = false;
  auto expects = [&passed]() -> task<> {
    try {
      CO_EXPECT_THROW(co_await sleep_for(1h), std::runtime_error);
    } catch (const cancelled&) {
      passed = true;
      throw;
    }
  };
  simulation world;
  auto handle = world.spawn(expects());
  handle.cancel();
  world.run_until([&] { return handle.done(); });
  EXPECT_TRUE(passed);
}

// ---------------------------------------------------------------------------------- schedules

task<> in_order(int& next, int wanted) {
  co_await yield();
  EXPECT_EQ(next++, wanted) << "in the wrong order";
}

task<> hopes_for_an_order() {
  int next = 0;
  co_await gather(in_order(next, 0), in_order(next, 1), in_order(next, 2));
}

TEST(for_each_schedule_test, a_failure_is_told_once_with_its_schedule) {
  const auto messages = intercepted(
      [] { for_each_schedule(100, simulation_options().workers(3), hopes_for_an_order); });
  ASSERT_GE(messages.size(), 2U);
  ASSERT_LE(messages.size(), 4U);  // Of one run, and the summary.
  EXPECT_NE(messages[0].find("in the wrong order"), std::string::npos) << messages[0];
  for (const char* part : {"in some orders: see the failures above", "MAGPIE_TEST_SCHEDULE="})
    EXPECT_NE(messages.back().find(part), std::string::npos) << messages.back();
}

TEST(for_each_schedule_test, an_exception_is_a_failure) {
  EXPECT_NONFATAL_FAILURE(for_each_schedule(3, simulation_options(), fail),
                          "in some orders: as expected");
}

TEST(for_each_schedule_test, what_is_right_in_all_orders) {
  int runs = 0;
  for_each_schedule(30, simulation_options().workers(2).pct(2, 20), [&runs]() -> task<> {
    ++runs;
    const int three = co_await number(3);
    EXPECT_EQ(three, 3);
  });
  EXPECT_EQ(runs, 30);
}

}  // namespace gtest_test
}  // namespace magpie::testing
