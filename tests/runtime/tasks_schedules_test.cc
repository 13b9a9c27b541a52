// Tasks that run, wait for and cancel each other, under very many schedules (many_schedules.h).
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "magpie/runtime/cancel_scope.h"
#include "magpie/runtime/clock.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/first_of.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/generator.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/task_group.h"
#include "magpie/runtime/timeout.h"
#include "magpie/runtime/wait.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/many_schedules.h"

namespace magpie::testing {
namespace tasks_schedules_test {

// The children of one task, of whom none is left when it goes on.
struct family {
  family() = default;
  family(const family&) = delete;
  family& operator=(const family&) = delete;
  ~family() { EXPECT_EQ(living, 0U); }
  std::size_t living = 0;
};

// --------------------------------------------------------------------------------------- gather

class gather_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t /*who*/) {
    const counted frame;
    for (int i = 0; i < 2; ++i) {
      co_await pause();
      const std::size_t count = random.below(4) + 1;
      const std::size_t failing = random.one_in(3) ? random.below(count) : count;
      bool failed = false;
      std::size_t sum = 0;
      {
        family here;
        std::vector<task<std::size_t>> children;
        for (std::size_t n = 0; n < count; ++n)
          children.push_back(child(here, n, n == failing));
        try {
          sum = co_await sum_of(std::move(children), failed);
        } catch (const std::runtime_error&) {
          failed = true;
        }
      }
      EXPECT_EQ(failed, failing < count);
      EXPECT_TRUE(failed || sum == count * (count - 1) / 2);
    }
  }

  static void at_rest(std::size_t left) { EXPECT_EQ(left, 0U); }
  static void check() {}

 private:
  task<std::size_t> child(family& of, std::size_t number, bool fails) {
    const counted frame;
    const stay here(of.living);
    co_await pause();
    if (fails) throw std::runtime_error("as it should");
    co_await pause();
    co_return number;
  }

  // Gathers them in one of its ways.
  task<std::size_t> sum_of(std::vector<task<std::size_t>> children, bool& failed) {
    const counted frame;
    std::vector<std::size_t> values;
    switch (random.below(3)) {
      case 0:
        values = co_await gather(std::move(children));
        break;
      case 1:
        values = co_await gather(at_most(2), std::move(children));
        break;
      default: {
        const auto outcomes = co_await gather(return_exceptions, std::move(children));
        for (const outcome<std::size_t>& each : outcomes) {
          if (each) {
            values.push_back(each.value());
          } else {
            failed = true;
          }
        }
      }
    }
    std::size_t sum = 0;
    for (const std::size_t value : values)
      sum += value;
    co_return sum;
  }
};

TEST(gather_schedules_test, gives_all_or_fails_and_leaves_nobody_behind) {
  search_schedules<gather_scene>();
}

// ------------------------------------------------------------------------------------- first_of

class first_of_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t /*who*/) {
    const counted frame;
    for (int i = 0; i < 2; ++i) {
      co_await pause();
      family here;
      std::vector<task<std::size_t>> racers;
      const std::size_t count = random.below(4) + 1;
      for (std::size_t n = 0; n < count; ++n)
        racers.push_back(racer(here, n));
      try {
        const first_result<std::size_t> won = co_await first_of(std::move(racers));
        EXPECT_EQ(won.index, won.value);
        EXPECT_LT(won.index, count);
      } catch (const std::runtime_error&) {
      }
      EXPECT_EQ(here.living, 0U);
    }
  }

  static void at_rest(std::size_t left) { EXPECT_EQ(left, 0U); }
  static void check() {}

 private:
  task<std::size_t> racer(family& of, std::size_t number) {
    const counted frame;
    const stay here(of.living);
    co_await pause();
    co_await pause();
    if (random.one_in(8)) throw std::runtime_error("as it may");
    co_return number;
  }
};

TEST(first_of_schedules_test, one_wins_and_nobody_is_left_behind) {
  search_schedules<first_of_scene>();
}

// ----------------------------------------------------------------------------------------- wait

class wait_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t who) { return who % 2 == 0 ? waits() : follows(); }

  static void at_rest(std::size_t left) { EXPECT_EQ(left, 0U); }
  static void check() {}

 private:
  task<> work() {
    const counted frame;
    co_await pause();
    co_await pause();
  }

  std::vector<join_handle<>> some_work() {
    std::vector<join_handle<>> all;
    for (std::size_t left = random.below(4) + 1; left > 0; --left)
      all.push_back(spawn(work()));
    if (random.one_in(2)) all.front().cancel();
    return all;
  }

  task<> waits() {
    const counted frame;
    co_await pause();
    std::vector<join_handle<>> all = some_work();
    co_await pause();
    constexpr std::array<wait_until, 3> modes{
        wait_until::first_completed, wait_until::first_exception, wait_until::all_completed};
    const wait_until mode = modes[random.below(modes.size())];
    const bool limited = random.one_in(2);
    const clock::duration limit =
        limited ? std::chrono::milliseconds(random.below(4)) : clock::duration::max();
    const wait_result seen = co_await wait(all, mode, limit);
    EXPECT_EQ(seen.done.size() + seen.pending.size(), all.size());
    for (const std::size_t place : seen.done)
      EXPECT_TRUE(all[place].done());
    if (!limited) {
      EXPECT_FALSE(seen.done.empty());
      EXPECT_TRUE(seen.pending.empty() || mode != wait_until::all_completed);
    }
    for (join_handle<>& each : all)
      co_await ends_cancelled(each);
  }

  task<> follows() {
    const counted frame;
    co_await pause();
    std::vector<join_handle<>> all = some_work();
    std::vector<bool> told(all.size());
    co_await pause();
    as_completed order(all);
    while (order.remaining() > 0) {
      const std::optional<std::size_t> next = co_await order.next();
      EXPECT_FALSE(told.at(next.value()));
      told.at(next.value()) = true;
      EXPECT_TRUE(all[next.value()].done());
    }
  }
};

TEST(wait_schedules_test, each_end_is_told_once) {
  search_schedules<wait_scene>();
}

// ----------------------------------------------------------------------------------- task_group

class task_group_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t /*who*/) {
    const counted frame;
    for (int i = 0; i < 2; ++i) {
      co_await pause();
      story mine(ending_);
      auto body = [this, &mine](task_group& group) -> task<> {
        for (std::size_t left = random.below(4); left > 0; --left) {
          begin(group, mine, 2);
          co_await pause();
        }
        if (random.one_in(8)) {
          group.cancel();
          mine.has_to_end();
        }
        co_await go_on(mine);
      };
      try {
        co_await with_task_group(std::ref(body));
      } catch (const task_group_error& error) {
        mine.told = error.errors().size();
      }
      EXPECT_EQ(mine.members.living, 0U);
    }
  }

  // Those whose members stay for long, unless they have failed or been cancelled.
  void at_rest(std::size_t left) const {
    EXPECT_LE(left, resting);
    EXPECT_EQ(ending_, 0U);
  }
  static void check() {}

 private:
  // Of one group: every failure is told, also when the group is cancelled as well.
  struct story {
    explicit story(std::size_t& in) : ending(in) {}
    story(const story&) = delete;
    story& operator=(const story&) = delete;
    ~story() { EXPECT_EQ(told, failures); }
    void has_to_end() {
      if (!ends) ends.emplace(ending);
    }
    void fails() {
      ++failures;
      has_to_end();
    }
    std::size_t& ending;
    std::optional<stay> ends;
    family members;
    std::size_t failures = 0;
    std::size_t told = 0;
  };

  void begin(task_group& group, story& of, int generations) {
    try {
      group.spawn(member(group, of, generations)).detach();
    } catch (const stopped&) {  // The runtime is ending.
      of.fails();
      throw;
    }
  }

  task<> member(task_group& group, story& of, int generations) {
    const counted frame;
    const stay here(of.members.living);
    co_await pause();
    if (generations > 0 && random.one_in(3)) begin(group, of, generations - 1);
    co_await go_on(of);
  }

  task<> go_on(story& of) {
    const counted frame;
    co_await pause_for_short_or_long();
    if (!random.one_in(12)) co_return;
    of.fails();
    throw std::runtime_error("as it may");
  }

  std::size_t ending_ = 0;
};

TEST(task_group_schedules_test, tells_every_failure_and_leaves_nobody_behind) {
  search_schedules<task_group_scene>();
}

// ------------------------------------------------------------------------- scopes, limits, shields

class scope_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t /*who*/) {
    const counted frame;
    for (int i = 0; i < 3; ++i) {
      co_await pause();
      if (random.one_in(4)) scopes_[random.below(scopes_.size())].cancel();
      co_await some_part(2);
    }
  }

  static void at_rest(std::size_t left) { EXPECT_EQ(left, 0U); }
  static void check() {}

 private:
  // Parts within parts.
  task<> some_part(int depth) {
    const counted frame;
    if (depth == 0) {
      co_await pause();
      co_return;
    }
    switch (random.below(4)) {
      case 0: {
        cancel_scope& scope = scopes_[random.below(scopes_.size())];
        const bool late = scope.cancel_requested();
        const bool ended = co_await scope.run(part_that_waits(depth - 1));
        EXPECT_TRUE(ended ? !late : scope.cancel_requested());
        break;
      }
      case 1: {
        const clock::time_point start = clock::now();
        const clock::time_point when = start + std::chrono::milliseconds(random.below(4));
        const bool ended = co_await move_on_at(when, part_that_waits(depth - 1));
        EXPECT_TRUE(ended ? when > start : clock::now() >= when);
        break;
      }
      case 2: {
        promise kept;
        co_await shield(keeps(kept));
        break;
      }
      default:
        co_await some_part(depth - 1);
        co_await pause();
    }
  }

  task<> part_that_waits(int depth) {
    const counted frame;
    co_await yield();
    co_await some_part(depth);
  }

  // Whatever is cancelled.
  struct promise {
    promise() = default;
    promise(const promise&) = delete;
    promise& operator=(const promise&) = delete;
    ~promise() { EXPECT_TRUE(kept); }
    bool kept = false;
  };
  task<> keeps(promise& what) {
    const counted frame;
    co_await pause();
    co_await pause();
    what.kept = true;
  }

  std::array<cancel_scope, 4> scopes_;
};

TEST(scope_schedules_test, ends_only_what_it_may_end) {
  search_schedules<scope_scene>();
}

// ------------------------------------------------------------------------------------ generator

class generator_scene : public scene {
 public:
  using scene::scene;

  task<> act(std::size_t /*who*/) {
    const counted frame;
    for (int i = 0; i < 2; ++i) {
      co_await pause();
      const std::size_t count = random.below(5);
      const std::size_t wanted = random.below(7);
      generator<std::size_t> source = numbers(count);
      for (std::size_t expected = 0; expected < wanted; ++expected) {
        const std::optional<std::size_t> next = co_await source.next();
        EXPECT_EQ(next.has_value(), expected < count);
        EXPECT_EQ(next.value_or(expected), expected);
      }
      if (random.one_in(2)) co_await source.close();
    }
  }

  static void at_rest(std::size_t left) { EXPECT_EQ(left, 0U); }
  static void check() {}

 private:
  generator<std::size_t> numbers(std::size_t count) {
    const counted frame;
    for (std::size_t i = 0; i < count; ++i) {
      co_await pause();
      co_yield std::size_t(i);
    }
  }
};

TEST(generator_schedules_test, gives_its_values_in_order_and_leaves_nothing_behind) {
  search_schedules<generator_scene>();
}

}  // namespace tasks_schedules_test
}  // namespace magpie::testing
