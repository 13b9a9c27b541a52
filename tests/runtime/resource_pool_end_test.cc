// How what is lent by a resource_pool ends: by age, by closing, by cancellation, on other threads.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/resource_pool.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/ended_with.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/workshop.h"

namespace magpie::testing {
namespace resource_pool_end_test {

using namespace std::chrono_literals;

class resource_pool_end_test : public over_workers {};
MAGPIE_OVER_WORKERS(resource_pool_end_test);

// ------------------------------------------------------------------------------------ age

TEST_P(resource_pool_end_test, what_was_idle_too_long_is_not_lent) {
  auto body = []() -> task<> {
    workshop here;
    resource_pool<tool> pool(at_most_tools(3).max_idle_time(10s), here.make());
    std::vector<task<int>> users;
    for (int i = 1; i <= 3; ++i)
      users.push_back(use_for(pool, i * 1s));
    co_await gather(std::move(users));  // Idle since 1, 2 and 3 s.
    co_await sleep_for(8s);
    EXPECT_EQ(here.existing(), 3);
    pool.remove_expired();
    EXPECT_EQ(here.existing(), 2);
    co_await sleep_for(1s);
    const int made_before = here.made();
    const int number = co_await use_for(pool, 1s);
    EXPECT_LE(number, made_before);
    EXPECT_EQ(here.existing(), 1);
    co_await sleep_for(10s);
    const int fresh = co_await use_for(pool, 1s);
    EXPECT_EQ(fresh, made_before + 1);
    EXPECT_EQ(here.existing(), 1);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(resource_pool_end_test, what_is_too_old_is_not_lent_and_not_kept) {
  auto body = []() -> task<> {
    workshop here;
    resource_pool<tool> pool(at_most_tools(3).max_lifetime(10s), here.make());
    const int first = co_await use_for(pool, 9s);
    EXPECT_EQ(first, 1);
    EXPECT_EQ(here.existing(), 1);
    co_await sleep_for(1s);
    EXPECT_EQ(here.existing(), 1);
    const int second = co_await use_for(pool, 20s);  // Too old when it comes back.
    EXPECT_EQ(second, 2);
    EXPECT_EQ(here.existing(), 0);
    EXPECT_EQ(pool.statistics().size, 0U);
  };
  in_simulated_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ closing

TEST_P(resource_pool_end_test, closing_ends_the_waits_and_leaves_the_leases) {
  auto body = []() -> task<> {
    workshop here;
    resource_pool<tool> pool(at_most_tools(2), here.make());
    auto lease = co_await pool.acquire();
    co_await use_for(pool, 1s);
    auto holds = spawn(use_for(pool, 5s));
    co_await sleep_for(1s);
    auto waits = spawn(outcome_of(use_one(pool, 0)));
    auto drained = spawn(pool.wait_closed());
    co_await sleep_for(1s);
    EXPECT_FALSE(pool.closed());
    pool.close();
    EXPECT_TRUE(pool.closed());
    const outcome<int> refused = co_await waits;
    EXPECT_TRUE(ended_with<pool_closed>(refused));
    const outcome<int> later = co_await outcome_of(use_one(pool, 0));
    EXPECT_TRUE(ended_with<pool_closed>(later));
    EXPECT_EQ(lease->number(), 1);
    co_await holds;
    co_await sleep_for(1s);
    EXPECT_FALSE(drained.done());
    EXPECT_EQ(here.existing(), 1);
    lease.release();
    EXPECT_EQ(here.existing(), 0);
    co_await drained;
    pool.close();
    co_await pool.wait_closed();
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(resource_pool_end_test, closing_destroys_what_is_idle_and_what_is_being_made) {
  auto body = []() -> task<> {
    workshop here;
    auto make = [&here]() -> task<tool> {
      co_await sleep_for(5s);
      co_return co_await here.make()();
    };
    auto check = [](tool&) -> task<bool> {
      co_await sleep_for(5s);
      co_return true;
    };
    resource_pool<tool> pool(at_most_tools(3), make, check);
    co_await gather(use_for(pool, 1s), use_for(pool, 1s));
    // Of three, one checks, one makes, and the last is given back before.
    auto first = co_await pool.acquire();
    auto checks = spawn(outcome_of(use_one(pool, 0)));
    auto makes = spawn(outcome_of(use_one(pool, 0)));
    co_await sleep_for(1s);
    EXPECT_EQ(pool.statistics().in_use, 3U);
    first.release();
    EXPECT_EQ(pool.statistics().idle, 1U);
    EXPECT_EQ(here.existing(), 2);
    pool.close();
    EXPECT_EQ(here.existing(), 1);
    const outcome<int> checked = co_await checks;
    EXPECT_TRUE(ended_with<pool_closed>(checked));
    const outcome<int> made = co_await makes;
    EXPECT_TRUE(ended_with<pool_closed>(made));
    EXPECT_EQ(here.made(), 3);
    EXPECT_EQ(here.existing(), 0);
    co_await pool.wait_closed();
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(resource_pool_end_test, leases_and_waits_may_outlive_the_pool) {
  auto body = []() -> task<> {
    workshop here;
    std::optional<resource_pool<tool>> pool(std::in_place, at_most_tools(1), here.make());
    auto lease = co_await pool->acquire();
    auto waits = spawn(outcome_of(use_one(*pool, 0)));
    auto drained = spawn(pool->wait_closed());
    co_await sleep_for(1s);
    pool.reset();
    const outcome<int> refused = co_await waits;
    EXPECT_TRUE(ended_with<pool_closed>(refused));
    EXPECT_EQ(lease->number(), 1);
    EXPECT_FALSE(drained.done());
    lease.release();
    EXPECT_EQ(here.existing(), 0);
    co_await drained;
  };
  in_simulated_orders(GetParam(), body);
}

// A resource that uses its pool when it is destroyed finds no lock held.
class nosy {
 public:
  nosy(std::optional<resource_pool<nosy>>& pool, int& asked) : pool_(&pool), asked_(&asked) {}
  nosy(nosy&& other) noexcept : pool_(other.pool_), asked_(std::exchange(other.asked_, nullptr)) {}
  nosy& operator=(nosy&&) = delete;
  ~nosy() {
    if (asked_ == nullptr) return;
    ++*asked_;
    EXPECT_LE((*pool_)->statistics().size, 2U);
  }

 private:
  std::optional<resource_pool<nosy>>* pool_;
  int* asked_;
};

TEST(pool_destruction_test, resources_may_use_the_pool_when_they_are_destroyed) {
  auto body = []() -> task<> {
    int asked = 0;
    std::optional<resource_pool<nosy>> pool;
    auto make = [&]() -> task<nosy> { co_return nosy(pool, asked); };
    pool.emplace(at_most_tools(2).max_idle_time(1s), make);
    {
      auto discarded = co_await pool->acquire();
      discarded.discard();
      const auto expires = co_await pool->acquire();
    }
    EXPECT_EQ(asked, 1);
    co_await sleep_for(2s);
    auto late = co_await pool->acquire();
    EXPECT_EQ(asked, 2);
    {
      const auto idle = co_await pool->acquire();
    }
    co_await sleep_for(2s);
    pool->remove_expired();
    EXPECT_EQ(asked, 3);
    {
      const auto idle = co_await pool->acquire();
    }
    pool->close();
    EXPECT_EQ(asked, 4);
    late.release();
    EXPECT_EQ(asked, 5);
  };
  simulate(body());
}

// ------------------------------------------------------------------------------------ cancelled

// While it waits, while one is made, while one is checked.
TEST_P(resource_pool_end_test, loses_no_place_when_a_user_is_cancelled_at_any_moment) {
  struct scene {
    workshop here;
    resource_pool<tool> pool{at_most_tools(2), here.make(2), here.check()};
  };
  auto uses = [](scene& on) -> task<> {
    for (int i = 0; i < 3; ++i)
      co_await use_one(on.pool, 1);
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<scene> on;
    auto begin = [&](simulation& world) {
      on.emplace();
      cast players;
      players.others.push_back(world.spawn(uses(*on)));
      players.victim = world.spawn(uses(*on));
      players.others.push_back(world.spawn(uses(*on)));
      players.others.push_back(world.spawn(uses(*on)));
      return players;
    };
    auto check = [&on] {
      const pool_statistics left = on->pool.statistics();
      ASSERT_EQ(left.in_use, 0U);
      ASSERT_EQ(left.waiting, 0U);
      ASSERT_EQ(left.idle, static_cast<std::size_t>(on->here.existing()));
      ASSERT_LE(on->here.most_existing(), 2);
      on.reset();
      ASSERT_EQ(counted::live(), 0);
    };
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    EXPECT_GT(cancel_sweep(settings, begin, check), 10U);
  }
}

TEST_P(resource_pool_end_test, waits_to_the_end_at_every_moment) {
  struct scene {
    workshop here;
    resource_pool<tool> pool{at_most_tools(1), here.make()};
  };
  auto waits = [](scene& on) -> task<> { co_await on.pool.wait_closed(); };
  auto uses_and_closes = [](scene& on) -> task<> {
    co_await use_for(on.pool, 1s);
    on.pool.close();
  };
  std::optional<scene> on;
  auto begin = [&](simulation& world) {
    on.emplace();
    cast players;
    players.victim = world.spawn(waits(*on));
    players.others.push_back(world.spawn(waits(*on)));
    players.others.push_back(world.spawn(uses_and_closes(*on)));
    return players;
  };
  auto check = [&on] { ASSERT_EQ(on->here.existing(), 0); };
  const auto settings = simulation_options().workers(GetParam());
  EXPECT_GT(cancel_sweep(settings, begin, check), 2U);
}

// ------------------------------------------------------------------------------------ threads

TEST_P(resource_pool_end_test, a_plain_thread_gives_back) {
  workshop here;
  resource_pool<tool> pool(at_most_tools(1), here.make());
  auto hand_out = [](resource_pool<tool>& from) -> task<pool_lease<tool>> {
    co_return co_await from.acquire();
  };
  runtime world(options().workers(GetParam()));
  for (int i = 0; i < 100; ++i) {
    auto lease = world.run(hand_out(pool));
    auto next = world.spawn(use_one(pool, 0));
    std::thread gives_back([given = std::move(lease)]() mutable { given.release(); });
    EXPECT_EQ(next.get(), 1);
    gives_back.join();
  }
}

TEST_P(resource_pool_end_test, a_hand_over_and_a_cancellation_meet) {
  workshop here;
  resource_pool<tool> pool(at_most_tools(2), here.make(1), here.check());
  runtime world(options().workers(GetParam()));
  for (int round = 0; round < 200; ++round) {
    std::vector<join_handle<int>> users;
    for (int i = 0; i < 5; ++i)
      users.push_back(world.spawn(use_one(pool, i % 2)));
    std::thread cancels([&users] { users[2].cancel(); });
    cancels.join();
    for (join_handle<int>& user : users) {
      try {
        EXPECT_GT(user.get(), 0);
      } catch (const cancelled&) {
        EXPECT_EQ(&user, &users[2]);
      }
    }
    ASSERT_EQ(pool.statistics().in_use, 0U);
  }
  EXPECT_LE(here.most_existing(), 2);
}

TEST_P(resource_pool_end_test, is_closed_by_a_plain_thread_and_by_the_end_of_the_runtime) {
  for (int round = 0; round < 50; ++round) {
    workshop here;
    {
      resource_pool<tool> pool(at_most_tools(2), here.make(1));
      runtime world(options().workers(GetParam()));
      for (int i = 0; i < 10; ++i)
        world.spawn(outcome_of(use_one(pool, i))).detach();
      std::thread closes([&pool] { pool.close(); });
      closes.join();
    }
    ASSERT_EQ(here.existing(), 0);
  }
}

}  // namespace resource_pool_end_test
}  // namespace magpie::testing
