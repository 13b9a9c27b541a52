#include "magpie/runtime/generator.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/timeout.h"
#include "magpie/tests/runtime/disturbances.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace generator_test {

using namespace std::chrono_literals;

class generator_test : public over_workers {};
MAGPIE_OVER_WORKERS(generator_test);

generator<int> count_to(int last, clock::duration pause) {
  const counted frame;
  for (int i = 1; i <= last; ++i) {
    co_await sleep_for(pause);
    co_yield i;
  }
}

template <class T>
task<std::vector<T>> all_of(generator<T> source) {
  std::vector<T> values;
  for (;;) {
    std::optional<T> value = co_await source.next();
    if (!value) break;
    values.push_back(std::move(*value));
  }
  co_return values;
}

TEST_P(generator_test, gives_its_values_in_order_and_waits_between) {
  auto body = []() -> task<> {
    const auto values = co_await all_of(count_to(4, 1s));
    EXPECT_EQ(values, (std::vector<int>{1, 2, 3, 4}));
    EXPECT_EQ(clock::now().time_since_epoch(), 4s);
    auto source = count_to(0, 1s);
    for (int i = 0; i < 3; ++i) {
      const std::optional<int> none = co_await source.next();
      EXPECT_FALSE(none.has_value());
    }
  };
  in_simulated_orders(GetParam(), body);
}

generator<std::unique_ptr<int>> pointers() {
  for (int i = 0; i < 3; ++i) {
    auto made = std::make_unique<int>(i);
    co_yield std::move(made);
    EXPECT_EQ(made, nullptr);
    co_await yield();
  }
}

generator<std::string> words() {
  const std::string kept = "a word that is too long for the small buffer of a string";
  co_yield kept;
  co_yield kept + "!";
  EXPECT_FALSE(kept.empty());
}

TEST_P(generator_test, values_move_or_are_copied) {
  auto body = []() -> task<> {
    const auto three = co_await all_of(pointers());
    EXPECT_EQ(three.size(), 3U);
    EXPECT_EQ(*three.at(2), 2);
    const auto texts = co_await all_of(words());
    EXPECT_EQ(texts.size(), 2U);
    EXPECT_EQ(texts.at(1), texts.at(0) + "!");
  };
  in_many_orders(GetParam(), body);
}

generator<int> squares(generator<int> source) {
  const counted frame;
  for (;;) {
    const std::optional<int> value = co_await source.next();
    if (!value) break;
    co_yield *value** value;
  }
}

TEST_P(generator_test, generators_of_generators) {
  auto body = []() -> task<> {
    const auto values = co_await all_of(squares(squares(count_to(3, 1ns))));
    EXPECT_EQ(values, (std::vector<int>{1, 16, 81}));
  };
  in_many_orders(GetParam(), body);
}

TEST_P(generator_test, exceptions_end_it) {
  auto fails = []() -> generator<int> {
    co_yield 1;
    throw std::runtime_error("no more");
  };
  auto body = [&]() -> task<> {
    auto source = fails();
    const std::optional<int> first = co_await source.next();
    EXPECT_EQ(first, 1);
    bool failed = false;
    try {
      co_await source.next();
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    const std::optional<int> none = co_await source.next();
    EXPECT_FALSE(none.has_value());
  };
  in_many_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ abandoned

TEST_P(generator_test, dropping_it_destroys_what_it_holds) {
  auto body = []() -> task<> {
    {
      auto unused = count_to(3, 1s);
      EXPECT_EQ(counted::live(), 0);
    }
    {
      auto source = squares(count_to(3, 1ns));
      const std::optional<int> first = co_await source.next();
      EXPECT_EQ(first, 1);
      EXPECT_EQ(counted::live(), 2);
    }
    EXPECT_EQ(counted::live(), 0);
    generator<int> moved = count_to(3, 1ns);
    generator<int> source = std::move(moved);
    EXPECT_THROW((void)moved.next(), usage_error);  // NOLINT(bugprone-use-after-move)
    source = generator<int>();
    EXPECT_THROW((void)source.next(), usage_error);
  };
  in_many_orders(GetParam(), body);
}

generator<int> cleans_up(std::vector<std::string>& log) {
  bool stopped = false;
  try {
    for (int i = 0;; ++i)
      co_yield i;
  } catch (const cancelled&) {
    stopped = true;
  }
  if (stopped) {
    log.emplace_back("stopping");
    co_await sleep_for(1s);
    log.emplace_back("stopped");
  }
}

TEST_P(generator_test, close_lets_it_clean_up) {
  auto body = []() -> task<> {
    std::vector<std::string> log;
    auto source = cleans_up(log);
    co_await source.next();
    co_await source.close();
    EXPECT_EQ(log, (std::vector<std::string>{"stopping", "stopped"}));
    EXPECT_EQ(clock::now().time_since_epoch(), 1s);
    const std::optional<int> none = co_await source.next();
    EXPECT_FALSE(none.has_value());
    co_await source.close();
    auto not_begun = cleans_up(log);
    co_await not_begun.close();
    EXPECT_EQ(log.size(), 2U);
  };
  in_simulated_orders(GetParam(), body);
}

// Each value under the limits of whoever asks for it.
TEST_P(generator_test, runs_under_its_consumer) {
  auto next_of = [](generator<int>& source) -> task<std::optional<int>> {
    co_return co_await source.next();
  };
  auto body = [&]() -> task<> {
    auto slow = count_to(3, 2s);
    const auto first = co_await move_on_after(3s, next_of(slow));
    EXPECT_EQ(first.value(), 1);
    // In time no more: the generator is what is cancelled, and so it ends.
    const auto second = co_await move_on_after(1s, next_of(slow));
    EXPECT_FALSE(second.has_value());
    const std::optional<int> third = co_await slow.next();
    EXPECT_FALSE(third.has_value());
    EXPECT_EQ(counted::live(), 0);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(generator_test, consumer_cancelled_at_every_moment) {
  auto victim = []() -> task<> {
    auto source = squares(count_to(4, 1s));
    for (;;) {
      const std::optional<int> value = co_await source.next();
      if (!value) break;
      co_await yield();
    }
  };
  cancelled_at_every_moment(GetParam(), 4, victim);
}

// Values that need no suspension cost no stack, also where a transfer is no tail call.
TEST(generator_depth_test, a_million_values) {
  auto counts = []() -> generator<int> {
    for (int i = 0; i < 1'000'000; ++i)
      co_yield i;
  };
  auto body = [&]() -> task<> {
    auto source = counts();
    std::int64_t sum = 0;
    for (;;) {
      const std::optional<int> value = co_await source.next();
      if (!value) break;
      sum += *value;
    }
    EXPECT_EQ(sum, 499'999'500'000);
  };
  run(body(), options().workers(1));
}

}  // namespace generator_test
}  // namespace magpie::testing
