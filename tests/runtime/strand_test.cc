#include "magpie/runtime/strand.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/future.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task_group.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/timeout.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace strand_test {

using namespace std::chrono_literals;

// What only one may use at a time. The count is not protected: ThreadSanitizer sees every other
// use.
class unprotected {
 public:
  void use() {
    EXPECT_FALSE(in_use_.exchange(true, std::memory_order_relaxed));
    ++uses_;
    in_use_.store(false, std::memory_order_relaxed);
  }
  int uses() const { return uses_; }

 private:
  std::atomic<bool> in_use_{false};
  int uses_ = 0;
};

class strand_test : public over_workers {};

task<> use_often(unprotected& shared, int times) {
  const counted frame;
  for (int i = 0; i < times; ++i) {
    shared.use();
    co_await yield();
  }
}

task<> nothing() {
  co_return;
}

// A task that forks again and again never gives its worker back by itself. Another worker has put
// the next one into the list of the strand, where only the strand knows of it.
task<bool> fork_until(const std::atomic<bool>& told) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!told.load() && std::chrono::steady_clock::now() < deadline) {
    for (int i = 0; i < 1000; ++i)
      co_await gather(nothing(), nothing());
  }
  co_return told.load();
}

TEST_P(strand_test, who_forks_without_end_lets_the_others_run) {
  auto body = []() -> task<> {
    const strand one;
    std::atomic<bool> told{false};
    auto forking = one.spawn(fork_until(told));
    auto tell = [](std::atomic<bool>& what) -> task<> {
      what.store(true);
      co_return;
    };
    auto telling = one.spawn(tell(told));
    const bool in_time = co_await forking;
    co_await telling;
    EXPECT_TRUE(in_time);
  };
  run(body(), options().workers(GetParam()));
}

// yield() makes a coroutine ready before its turn is over, so that thieves meet it.
TEST_P(strand_test, its_tasks_never_run_at_the_same_time) {
  constexpr int tasks = 8;
  constexpr int times = 300;
  unprotected shared;
  auto body = [&]() -> task<> {
    const strand one;
    std::vector<join_handle<>> all;
    for (int i = 0; i < tasks; ++i)
      all.push_back(one.spawn(use_often(shared, times)));
    for (join_handle<>& each : all)
      co_await each;
  };
  run(body(), options().workers(GetParam()));
  EXPECT_EQ(shared.uses(), tasks * times);
}

TEST_P(strand_test, nor_do_the_children_of_their_gathers) {
  constexpr int times = 100;
  unprotected shared;
  auto with_children = [](unprotected& used) -> task<> {
    for (int i = 0; i < 10; ++i)
      co_await gather(use_often(used, times), use_often(used, times), use_often(used, times));
  };
  auto body = [&]() -> task<> {
    const strand one;
    auto first = one.spawn(with_children(shared));
    auto second = one.spawn(with_children(shared));
    co_await first;
    co_await second;
  };
  run(body(), options().workers(GetParam()));
  EXPECT_EQ(shared.uses(), 2 * 10 * 3 * times);
}

// Whatever resumes them: a timer, a thread of the pool, another task.
TEST_P(strand_test, whoever_resumes_them) {
  unprotected shared;
  auto mixed = [](unprotected& used) -> task<> {
    for (int i = 0; i < 20; ++i) {
      used.use();
      co_await sleep_for(10us);
      used.use();
      co_await blocking([] {});
      used.use();
      auto other = spawn(use_often(used, 0));
      co_await other;
    }
  };
  auto body = [&]() -> task<> {
    const strand one;
    std::vector<join_handle<>> all;
    for (int i = 0; i < 6; ++i)
      all.push_back(one.spawn(mixed(shared)));
    for (join_handle<>& each : all)
      co_await each;
  };
  run(body(), options().workers(GetParam()));
  EXPECT_EQ(shared.uses(), 6 * 20 * 3);
}

// Added before it begins, so that none is called at once.
TEST_P(strand_test, callbacks_at_the_end_belong_to_it) {
  unprotected shared;
  const strand one;
  auto wait_and_use = [&](future<> begin) -> task<> {
    co_await begin;
    shared.use();
  };
  {
    runtime world(options().workers(GetParam()));
    std::vector<join_handle<>> all;
    for (int i = 0; i < 50; ++i) {
      promise<> begin;
      all.push_back(one.spawn(world, wait_and_use(begin.get_future())));
      all.back().on_end([&shared, &one] {
        EXPECT_TRUE(one.running_here());
        shared.use();
      });
      begin.set_value();
    }
    for (join_handle<>& each : all)
      each.get();
  }
  EXPECT_EQ(shared.uses(), 100);
}

TEST_P(strand_test, two_strands_know_nothing_of_each_other) {
  auto body = [&]() -> task<> {
    const strand one;
    const strand two;
    EXPECT_NE(one, two);
    EXPECT_EQ(one, strand(one));
    EXPECT_FALSE(one.running_here());
    auto in_both = [](strand outer, strand inner) -> task<> {
      EXPECT_TRUE(outer.running_here());
      EXPECT_FALSE(inner.running_here());
      auto within = [](strand here, strand around) -> task<bool> {
        co_return here.running_here() && !around.running_here();
      };
      const bool there = co_await inner.run(within(inner, outer));
      EXPECT_TRUE(there);
      EXPECT_TRUE(outer.running_here());
    };
    co_await gather(one.run(in_both(one, two)), two.run(in_both(two, one)));
    EXPECT_FALSE(one.running_here());
  };
  run(body(), options().workers(GetParam()));
  EXPECT_FALSE(strand().running_here());
}

// The strand keeps itself as long as a task of it runs.
TEST_P(strand_test, need_not_outlive_its_tasks) {
  unprotected shared;
  auto body = [&]() -> task<> {
    std::vector<join_handle<>> all;
    for (int i = 0; i < 100; ++i) {
      const strand brief;
      all.push_back(brief.spawn(use_often(shared, 1)));
      co_await all.back();
    }
    std::optional<strand> brief(std::in_place);
    for (int i = 0; i < 10; ++i)
      all.push_back(brief->spawn(use_often(shared, 10)));
    brief.reset();
    for (std::size_t i = 100; i < all.size(); ++i)
      co_await all[i];
  };
  run(body(), options().workers(GetParam()));
  EXPECT_EQ(shared.uses(), 200);
}

TEST_P(strand_test, takes_tasks_from_any_thread) {
  unprotected shared;
  const strand one;
  runtime world(options().workers(GetParam()));
  std::vector<join_handle<>> all;
  for (int i = 0; i < 50; ++i)
    all.push_back(one.spawn(world, use_often(shared, 10)));
  for (join_handle<>& each : all)
    each.get();
  EXPECT_EQ(shared.uses(), 500);
  EXPECT_THROW(one.spawn(use_often(shared, 1)).detach(), usage_error);
  world.shutdown();
  EXPECT_THROW(one.spawn(world, use_often(shared, 1)).detach(), stopped);
  EXPECT_FALSE(one.running_here());
}

TEST_P(strand_test, serves_two_runtimes) {
  unprotected shared;
  const strand one;
  runtime first(options().workers(GetParam()));
  runtime second(options().workers(GetParam()));
  std::vector<join_handle<>> all;
  for (int i = 0; i < 20; ++i)
    all.push_back(one.spawn(i % 2 == 0 ? first : second, use_often(shared, 50)));
  for (join_handle<>& each : all)
    each.get();
  EXPECT_EQ(shared.uses(), 1000);
}

TEST_P(strand_test, what_was_moved_is_still_the_strand) {
  unprotected shared;
  auto body = [&]() -> task<> {
    strand one;
    // NOLINTNEXTLINE(performance-move-const-arg): that is what it is about.
    const strand other = std::move(one);
    EXPECT_EQ(one, other);  // NOLINT(bugprone-use-after-move)
    auto first = one.spawn(use_often(shared, 100));
    auto second = other.spawn(use_often(shared, 100));
    co_await first;
    co_await second;
    EXPECT_FALSE(one.running_here());
  };
  run(body(), options().workers(GetParam()));
  EXPECT_EQ(shared.uses(), 200);
}

// What awaits and forks has coroutines that have no home yet.
TEST_P(strand_test, serves_two_runtimes_whatever_their_tasks_do) {
  unprotected shared;
  auto work = [](unprotected& used) -> task<> {
    for (int i = 0; i < 10; ++i) {
      co_await use_often(used, 2);
      co_await gather(use_often(used, 2), use_often(used, 2));
    }
  };
  for (int round = 0; round < 5; ++round) {
    const strand one;
    runtime first(options().workers(GetParam()));
    runtime second(options().workers(GetParam()));
    std::vector<join_handle<>> all;
    for (int i = 0; i < 8; ++i)
      all.push_back(one.spawn(i % 2 == 0 ? first : second, work(shared)));
    for (join_handle<>& each : all)
      each.get();
  }
  EXPECT_EQ(shared.uses(), 5 * 8 * 10 * 6);
}

MAGPIE_OVER_WORKERS(strand_test);

// -------------------------------------------------------------------------------- on virtual time

class strand_order_test : public runtime_test {};

TEST_F(strand_order_test, who_is_ready_first_has_its_turn_first) {
  auto body = []() -> task<> {
    std::vector<int> order;
    const strand one;
    std::vector<join_handle<>> all;
    auto note = [](std::vector<int>& into, int who) -> task<> {
      co_await sleep_for(std::chrono::milliseconds(who));
      into.push_back(who);
    };
    for (const int who : {3, 1, 2})
      all.push_back(one.spawn(note(order, who)));
    for (join_handle<>& each : all)
      co_await each;
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  };
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    simulate(body(), simulation_options().workers(4).seed(seed));
}

TEST_F(strand_order_test, run_gives_what_the_task_gives) {
  auto seven = []() -> task<int> {
    co_await yield();
    co_return 7;
  };
  auto fails = []() -> task<std::string> {
    co_await yield();
    throw std::runtime_error("of the task");
  };
  auto body = [&]() -> task<> {
    const strand one;
    const int result = co_await one.run(seven());
    EXPECT_EQ(result, 7);
    std::string said;
    try {
      co_await one.run(fails());
    } catch (const std::runtime_error& error) {
      said = error.what();
    }
    EXPECT_EQ(said, "of the task");
  };
  simulate(body(), simulation_options().workers(2));
}

// The caller is suspended meanwhile, and the strand free.
TEST_F(strand_order_test, run_inside_the_same_strand_is_no_deadlock) {
  auto answer = []() -> task<int> {
    co_await sleep_for(1ms);
    co_return 42;
  };
  auto outer = [&](strand own) -> task<int> { co_return co_await own.run(answer()); };
  auto body = [&]() -> task<> {
    const strand one;
    const int result = co_await one.run(outer(one));
    EXPECT_EQ(result, 42);
  };
  simulate(body());
}

// Its deadline is inherited, its cancellation joined.
TEST_F(strand_order_test, run_ends_with_its_caller) {
  bool ended = false;
  auto clean_up = [&]() -> task<> {
    co_await sleep_for(1s);
    ended = true;
  };
  auto long_one = [&]() -> task<> {
    bool is_cancelled = false;
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
      is_cancelled = true;
    }
    EXPECT_TRUE(is_cancelled);
    co_await shield(clean_up());
    throw cancelled();
  };
  auto body = [&]() -> task<> {
    const strand one;
    bool late = false;
    try {
      co_await with_timeout(1s, one.run(long_one()));
    } catch (const timeout_error&) {
      late = true;
    }
    EXPECT_TRUE(late);
    EXPECT_TRUE(ended);
  };
  simulate(body(), simulation_options().workers(2));
}

TEST_F(strand_order_test, a_child_of_a_group_may_be_in_a_strand) {
  auto body = []() -> task<> {
    const strand one;
    int inside = 0;
    auto child = [](strand own, int& counted_in) -> task<> {
      co_await yield();
      counted_in += own.running_here() ? 1 : 0;
    };
    co_await with_task_group([&](task_group& group) -> task<> {
      one.spawn(group, child(one, inside), "first").detach();
      one.spawn(group, child(one, inside), "second").detach();
      group.spawn(child(one, inside), "outside").detach();
      co_return;
    });
    EXPECT_EQ(inside, 2);
  };
  simulate(body(), simulation_options().workers(2));
}

TEST_F(strand_order_test, cancelled_at_any_moment_it_is_left_to_the_others) {
  auto member = []() -> task<> {
    const counted frame;
    for (int i = 0; i < 3; ++i) {
      co_await yield();
      co_await sleep_for(1ms);
    }
  };
  auto caller = [&](strand own) -> task<> {
    const counted frame;
    co_await own.run(member());
    co_await own.run(member());
  };
  for (const std::size_t workers : {1U, 2U, 8U}) {
    const std::size_t moments = cancel_sweep(
        simulation_options().workers(workers).seed(workers),
        [&](simulation& world) {
          const strand one;
          cast players;
          players.victim = world.spawn(caller(one));
          players.others.push_back(world.spawn(caller(one)));
          players.others.push_back(world.spawn(caller(one)));
          return players;
        },
        [] { EXPECT_EQ(counted::live(), 0); });
    EXPECT_GT(moments, 15U);
  }
}

}  // namespace strand_test
}  // namespace magpie::testing
