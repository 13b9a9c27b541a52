// Lending: how many, to whom, what is lent again.
#include "magpie/runtime/resource_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/timeout.h"
#include "magpie/tests/runtime/ended_with.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/scarce_memory.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/workshop.h"

namespace magpie::testing {
namespace resource_pool_test {

using namespace std::chrono_literals;

class resource_pool_test : public over_workers {};
MAGPIE_OVER_WORKERS(resource_pool_test);

TEST_P(resource_pool_test, never_has_more_than_it_may) {
  auto body = []() -> task<> {
    workshop here;
    resource_pool<tool> pool(at_most_tools(3), here.make(2), here.check());
    std::vector<task<int>> users;
    for (int i = 0; i < 30; ++i)
      users.push_back(use_one(pool, i % 4));
    co_await gather(std::move(users));
    EXPECT_LE(here.most_existing(), 3);
    EXPECT_EQ(here.made(), here.most_existing());
    const pool_statistics now = pool.statistics();
    EXPECT_EQ(now.in_use, 0U);
    EXPECT_EQ(now.waiting, 0U);
    EXPECT_EQ(now.idle, static_cast<std::size_t>(here.existing()));
    EXPECT_EQ(now.size, now.idle);
  };
  in_many_orders(GetParam(), body);
}

TEST(pool_lending_test, the_one_that_was_used_last_is_lent_again) {
  auto body = []() -> task<> {
    workshop here;
    resource_pool<tool> pool(at_most_tools(5), here.make());
    EXPECT_EQ(pool.statistics().size, 0U);
    EXPECT_EQ(pool.max_size(), 5U);
    auto first = co_await pool.acquire();
    auto second = co_await pool.acquire();
    EXPECT_EQ(first->number(), 1);
    EXPECT_EQ((*second).number(), 2);
    EXPECT_EQ(pool.statistics().in_use, 2U);
    second.release();
    EXPECT_FALSE(second.valid());
    second.release();
    first = {};  // Gives it back.
    EXPECT_EQ(pool.statistics().idle, 2U);
    const auto again = co_await pool.acquire();
    EXPECT_EQ(again->number(), 1);
    EXPECT_EQ(pool.statistics().idle, 1U);
    EXPECT_EQ(pool.statistics().size, 2U);
    EXPECT_EQ(here.made(), 2);
  };
  simulate(body());
}

TEST(pool_lending_test, first_come_first_served) {
  auto note = [](resource_pool<tool>& pool, int name, std::vector<int>& order) -> task<> {
    const auto lease = co_await pool.acquire();
    order.push_back(name);
    co_await sleep_for(10s);
  };
  auto body = [&]() -> task<> {
    workshop here;
    resource_pool<tool> pool(at_most_tools(1), here.make());
    std::vector<int> order;
    std::vector<join_handle<>> handles;
    for (int i = 0; i < 5; ++i) {
      handles.push_back(spawn(note(pool, i, order)));
      co_await sleep_for(1s);
    }
    EXPECT_EQ(pool.statistics().waiting, 4U);
    for (join_handle<>& handle : handles)
      co_await handle;
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
    EXPECT_EQ(here.made(), 1);
  };
  in_simulated_orders(1, body);
}

TEST_P(resource_pool_test, who_comes_later_does_not_overtake) {
  auto body = []() -> task<> {
    workshop here;
    resource_pool<tool> pool(at_most_tools(1), here.make());
    std::optional<pool_lease<tool>> lease = co_await pool.acquire();
    auto waits = spawn(use_for(pool, 1s));
    co_await sleep_for(1s);
    lease.reset();
    const auto before = clock::now();
    lease = co_await pool.acquire();  // Behind the one who waits.
    EXPECT_EQ(clock::now() - before, 1s);
    co_await waits;
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(resource_pool_test, a_time_limit_ends_the_wait) {
  auto body = []() -> task<> {
    workshop here;
    resource_pool<tool> pool(at_most_tools(1), here.make());
    auto holds = spawn(use_for(pool, 10s));
    co_await sleep_for(1s);
    auto limited = with_timeout(2s, pool.acquire());
    bool late = false;
    try {
      const auto lease = co_await std::move(limited);
    } catch (const timeout_error&) {
      late = true;
    }
    EXPECT_TRUE(late);
    EXPECT_EQ(pool.statistics().waiting, 0U);
    const auto in_time = co_await with_timeout(10s, pool.acquire());
    EXPECT_EQ(in_time->number(), 1);
    co_await holds;
  };
  in_simulated_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ bad ones

TEST_P(resource_pool_test, a_failure_goes_to_who_has_asked_and_the_place_to_the_next) {
  auto body = []() -> task<> {
    workshop here;
    resource_pool<tool> pool(at_most_tools(1), here.make(3));
    here.fail_next(2);
    std::vector<task<outcome<int>>> users;
    for (int i = 0; i < 4; ++i)
      users.push_back(outcome_of(use_one(pool, 1)));
    const std::vector<outcome<int>> ends = co_await gather(std::move(users));
    int failed = 0;
    for (const outcome<int>& end : ends) {
      if (end.has_value()) continue;
      EXPECT_TRUE(ended_with<std::runtime_error>(end));
      ++failed;
    }
    EXPECT_EQ(failed, 2);
    EXPECT_EQ(pool.statistics().in_use, 0U);
    EXPECT_EQ(here.made(), 1);
  };
  in_many_orders(GetParam(), body);
}

TEST_P(resource_pool_test, what_is_discarded_is_not_lent_again) {
  auto body = []() -> task<> {
    workshop here;
    resource_pool<tool> pool(at_most_tools(1), here.make());
    auto lease = co_await pool.acquire();
    auto waits = spawn(use_one(pool, 0));
    co_await sleep_for(1s);
    lease.discard();
    EXPECT_FALSE(lease.valid());
    lease.discard();
    const int next = co_await waits;
    EXPECT_EQ(next, 2);
    EXPECT_EQ(here.most_existing(), 1);
    EXPECT_EQ(pool.statistics().idle, 1U);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(resource_pool_test, what_is_not_healthy_is_replaced) {
  auto body = []() -> task<> {
    workshop here;
    resource_pool<tool> pool(at_most_tools(2), here.make(), here.check());
    {
      const auto first = co_await pool.acquire();
      const auto second = co_await pool.acquire();
      EXPECT_EQ(here.checked(), 0);  // They were new.
      second->blunt();
    }
    // The first was given back last, and is good; the second is not.
    const auto good = co_await pool.acquire();
    const auto other = co_await pool.acquire();
    std::vector<int> numbers{good->number(), other->number()};
    EXPECT_EQ(numbers, (std::vector<int>{1, 3}));
    EXPECT_EQ(here.checked(), 2);
    EXPECT_EQ(here.existing(), 2);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(resource_pool_test, a_check_that_throws_says_no) {
  auto check = [](tool&) -> task<bool> {
    co_await yield();
    throw 5;
  };
  auto body = [&]() -> task<> {
    workshop here;
    resource_pool<tool> pool(at_most_tools(1), here.make(), check);
    for (int i = 1; i <= 3; ++i) {
      const int number = co_await use_one(pool, 0);
      EXPECT_EQ(number, i);
    }
    EXPECT_EQ(here.existing(), 1);
  };
  in_many_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ bad use

TEST(pool_options_test, bad_values_are_told) {
  EXPECT_THROW(resource_pool_options().max_size(0), usage_error);
  EXPECT_THROW(resource_pool_options().max_idle_time(0s), usage_error);
  EXPECT_THROW(resource_pool_options().max_lifetime(-1s), usage_error);
  EXPECT_THROW(resource_pool<tool>(resource_pool_options(), nullptr), usage_error);
}

TEST(pool_memory_test, without_memory_no_place_is_lost) {
  MAGPIE_NEEDS_COUNTED_ALLOCATIONS();
  workshop here;
  resource_pool<tool> pool(at_most_tools(1), here.make(), here.check());
  auto use = [&]() -> task<> {
    auto lease = co_await pool.acquire();
    lease.discard();
  };
  auto check = [&] {
    EXPECT_EQ(pool.statistics().in_use, 0U);
    EXPECT_EQ(here.existing(), 0);
  };
  const std::size_t refused = simulate(with_scarce_memory(std::ref(use), check));
  EXPECT_GT(refused, 0U);
  EXPECT_LT(refused, 20U);
}

}  // namespace resource_pool_test
}  // namespace magpie::testing
