// What is kept, how long, and what is reported.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/event.h"
#include "magpie/runtime/keep.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task_group.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/unowned.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/spawned.h"
#include "magpie/tests/runtime/throws_when_moved.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;

class keep_test : public over_workers {};
MAGPIE_OVER_WORKERS(keep_test);

class keep_once_test : public runtime_test {};

// Overwrites itself when it is gone, so that who still looks sees it.
class noted {
 public:
  explicit noted(int value) : value_(std::make_unique<int>(value)) {}
  noted(noted&& other) noexcept = default;
  noted(const noted& other) : value_(std::make_unique<int>(other.value())) {}
  noted& operator=(const noted&) = delete;
  noted& operator=(noted&&) = delete;
  ~noted() {
    if (value_) *value_ = -1;
  }
  int value() const { return *value_; }

 private:
  std::unique_ptr<int> value_;
  counted alive_;
};

task<int> by_value(noted kept) {
  co_await yield();
  co_return kept.value();
}

task<int> by_const_reference(const noted& kept) {
  co_await yield();
  co_return kept.value();
}

task<int> by_rvalue_reference(noted&& kept) {
  co_await yield();
  co_return kept.value();
}

task<int> by_reference(noted& mine) {
  co_await yield();
  co_return mine.value();
}

// ------------------------------------------------------------------------------ what is kept

task<> keep_each_kind() {
  std::vector<join_handle<int>> handles;
  {
    const noted given(1);
    handles.push_back(spawn(keep(by_value, given)));
    handles.push_back(spawn(keep(by_const_reference, given)));
    handles.push_back(spawn(keep(by_rvalue_reference, given)));
    handles.push_back(spawn(keep(by_value, noted(1))));
    handles.push_back(spawn(keep(by_const_reference, noted(1))));
    handles.push_back(spawn(keep(by_rvalue_reference, noted(1))));
  }
  for (join_handle<int>& each : handles) {
    const int got = co_await each;
    EXPECT_EQ(got, 1);
  }
}

TEST_P(keep_test, arguments) {
  in_many_orders(GetParam(), [] { return keep_each_kind(); });
}

task<> keep_captures() {
  std::vector<join_handle<int>> handles;
  for (int i = 0; i < 10; ++i) {
    auto owned = std::make_unique<int>(i);
    auto shared = std::make_shared<int>(i);
    handles.push_back(spawn(keep([owned = std::move(owned)]() -> task<int> {
      co_await yield();
      co_return *owned;
    })));
    handles.push_back(spawn(keep(
        [shared, kept = noted(0)](int more) mutable -> task<int> {
          co_await yield();
          co_return *shared + kept.value() + more - more;
        },
        5)));
  }
  int sum = 0;
  for (join_handle<int>& each : handles)
    sum += co_await each;
  EXPECT_EQ(sum, 90);
}

TEST_P(keep_test, captures) {
  in_many_orders(GetParam(), [] { return keep_captures(); });
}

task<std::string> join(std::string_view a, const std::string& b, std::span<const int> c,
                       std::unique_ptr<int> d) {
  co_await yield();
  co_return std::string(a) + b + std::to_string(c[0]) + std::to_string(*d);
}

// The views are made of the kept owners; a string of what a literal decays to.
task<> keep_owners() {
  auto unnamed =
      spawn(keep(join, std::string(40, 'a'), "b", std::vector<int>{1}, std::make_unique<int>(2)));
  auto named =
      spawn(keep(join, std::string(40, 'a'), "b", std::vector<int>{1}, std::make_unique<int>(2)),
            "joined");
  EXPECT_EQ(unnamed.name(), "");
  EXPECT_EQ(named.name(), "joined");
  const std::string expected = std::string(40, 'a') + "b12";
  const std::string first = co_await unnamed;
  const std::string second = co_await named;
  EXPECT_EQ(first, expected);
  EXPECT_EQ(second, expected);
}

TEST_P(keep_test, owners_of_what_views_refer_to) {
  in_many_orders(GetParam(), [] { return keep_owners(); });
}

task<> keep_references() {
  const noted mine(3);
  noted changing(4);
  auto constant = spawn(keep(by_const_reference, std::cref(mine)));
  auto mutable_one = spawn(keep(by_reference, std::ref(changing)));
  const std::vector<int> numbers{5, 6};
  auto sum = [](std::span<const int> all) -> task<const int*> { co_return all.data(); };
  auto view = spawn(keep(sum, unowned(std::span(numbers))));
  EXPECT_EQ(counted::live(), 2) << "copied";
  std::string text = "text";
  auto size = spawn(keep([](std::string_view seen) -> task<std::size_t> { co_return seen.size(); },
                         std::ref(text)));
  auto append = spawn(keep(
      [](auto& to) -> task<> {
        to += "s";
        co_return;
      },
      std::ref(text)));
  co_await append;
  EXPECT_EQ(text, "texts");
  const std::size_t letters = co_await size;
  EXPECT_EQ(letters, 4U);
  const int third = co_await constant;
  const int fourth = co_await mutable_one;
  const int* const data = co_await view;
  EXPECT_EQ(third, 3);
  EXPECT_EQ(fourth, 4);
  EXPECT_EQ(data, numbers.data());
}

TEST_F(keep_once_test, references_that_are_asked_for) {
  run(keep_references(), options().workers(1));
}

task<> give_references() {
  int object = 0;
  auto refers = spawn(keep([](int& to) -> task<int&> { co_return to; }, std::ref(object)));
  int& same = co_await refers;
  EXPECT_EQ(&same, &object);
  auto moves =
      spawn(keep([](std::unique_ptr<int> value) -> task<std::unique_ptr<int>> { co_return value; },
                 std::make_unique<int>(1)));
  const std::unique_ptr<int> moved = co_await moves;
  EXPECT_EQ(*moved, 1);
}

TEST_F(keep_once_test, every_kind_of_result) {
  simulate(give_references());
}

// -------------------------------------------------------------------------- for how long

// What is kept is gone when the end of the task is known, although the handle is still there.
task<> keep_until_the_end() {
  auto capture = std::make_shared<int>(0);
  auto argument = std::make_shared<int>(0);
  auto handle = spawn(
      keep([capture](const std::shared_ptr<int>& /*kept*/) -> task<> { co_await sleep_for(1s); },
           argument));
  EXPECT_EQ(capture.use_count(), 2);
  EXPECT_EQ(argument.use_count(), 2);
  long at_the_end = 0;
  handle.on_end([&] { at_the_end = capture.use_count() + argument.use_count(); });
  co_await sleep_for(500ms);
  EXPECT_EQ(capture.use_count(), 2);
  co_await sleep_for(1s);
  EXPECT_EQ(at_the_end, 2);
  EXPECT_TRUE(handle.valid());
  co_await handle;
}

TEST_P(keep_test, until_the_end_and_no_longer) {
  in_simulated_orders(GetParam(), [] { return keep_until_the_end(); });
}

// The frame of the coroutine goes first: what is in it may refer to what is kept.
task<> refer_in_the_frame() {
  struct reads_at_the_end {
    const noted& kept;
    int& seen;
    ~reads_at_the_end() { seen = kept.value(); }
  };
  int seen = 0;
  auto body = [](const noted& kept, int& to) -> task<> {
    const reads_at_the_end reader{kept, to};
    co_await sleep_for(1h);
  };
  auto handle = spawn(keep(body, noted(8), std::ref(seen)));
  co_await sleep_for(1s);
  handle.cancel();
  const bool thrown = co_await ends_cancelled(handle);
  EXPECT_TRUE(thrown);
  EXPECT_EQ(seen, 8);
}

TEST_P(keep_test, longer_than_the_frame) {
  in_simulated_orders(GetParam(), [] { return refer_in_the_frame(); });
}

TEST_P(keep_test, whenever_it_is_cancelled) {
  const auto begin = [](simulation& world) {
    cast players;
    auto inner = [](const noted& kept, std::unique_ptr<int> owned) -> task<> {
      for (int i = 0; i < 3; ++i) {
        co_await sleep_for(1s);
        EXPECT_EQ(kept.value() + *owned, 3);
      }
    };
    auto outer = [inner]() -> task<> {
      auto body = [inner](task_group& group) -> task<> {
        group.spawn(keep(inner, noted(1), std::make_unique<int>(2)), "first").detach();
        auto second = group.spawn(keep(inner, noted(2), std::make_unique<int>(1)));
        co_await second;
      };
      co_await with_task_group(body);
    };
    players.victim = world.spawn(outer());
    return players;
  };
  const std::size_t moments = cancel_sweep(simulation_options().workers(GetParam()), begin,
                                           [] { EXPECT_EQ(counted::live(), 0); });
  EXPECT_GT(moments, 4U);
}

TEST_F(keep_once_test, not_at_all_by_a_runtime_that_has_stopped) {
  runtime world(options().workers(1));
  world.shutdown();
  EXPECT_THROW(world.spawn(keep(by_value, noted(1))).detach(), stopped);
  EXPECT_THROW(world.spawn(keep(by_value, noted(1)), "named").detach(), stopped);
  EXPECT_EQ(counted::live(), 0);
}

TEST_F(keep_once_test, not_outside_of_tasks) {
  ::testing::internal::CaptureStderr();
  EXPECT_THROW(spawn(keep(by_value, noted(1))).detach(), usage_error);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "reported as well";
  EXPECT_EQ(counted::live(), 0);
}

// The runtime ends while the task waits, and before it has run.
TEST_P(keep_test, until_the_runtime_ends) {
  for (int i = 0; i < 20; ++i) {
    runtime world(options().workers(GetParam()));
    auto waits = [](const noted& kept) -> task<> {
      EXPECT_EQ(kept.value(), 1);
      co_await sleep_for(24h);
    };
    for (int j = 0; j < 20; ++j)
      world.spawn(keep(waits, noted(1))).detach();
    world.shutdown();
    EXPECT_EQ(counted::live(), 0);
  }
}

// ------------------------------------------------------------------------------ failures

TEST_F(keep_once_test, a_copy_that_fails_starts_nothing) {
  int rounds = 0;
  bool started = false;
  auto body = [&]() -> task<> {
    for (bool thrown = true; thrown;) {
      thrown = false;
      started = false;
      int moves = 0;
      auto takes = [](throws_when_moved&& /*kept*/, bool& ran) -> task<> {
        ran = true;
        co_return;
      };
      join_handle<> handle;
      try {
        handle = spawn(keep(takes, throws_when_moved(moves, ++rounds), std::ref(started)));
      } catch (const std::runtime_error&) {
        thrown = true;
      }
      co_await yield();
      EXPECT_EQ(started, !thrown);
      EXPECT_EQ(counted::live(), 0);
    }
  };
  simulate(body());
  EXPECT_EQ(rounds, 2) << "moved more than once";
}

// The call is the task's, and so is what it throws.
task<> fail_at_the_call() {
  auto refuses = [](const noted& kept) -> task<int> {
    if (kept.value() == 1) throw std::runtime_error("refused");
    return by_value(noted(2));
  };
  auto failing = spawn(keep(refuses, noted(1)));
  auto other = spawn(keep(refuses, noted(2)));
  std::string caught;
  try {
    co_await failing;
  } catch (const std::runtime_error& error) {
    caught = error.what();
  }
  EXPECT_EQ(caught, "refused");
  const int got = co_await other;
  EXPECT_EQ(got, 2);
}

TEST_P(keep_test, what_the_callable_throws) {
  in_many_orders(GetParam(), [] { return fail_at_the_call(); });
}

TEST_F(keep_once_test, a_callable_that_cannot_be_copied_starts_nothing) {
  int moves = 0;
  auto body = [&]() -> task<> {
    throws_when_moved value(moves, 2);
    auto callable = [kept = std::move(value)]() -> task<> { co_return; };
    bool thrown = false;
    try {
      spawn(keep(std::move(callable))).detach();
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
    co_return;
  };
  simulate(body());
}

task<> get_an_empty_task() {
  auto handle = spawn(keep([] { return task<>(); }));
  bool thrown = false;
  try {
    co_await handle;
  } catch (const usage_error&) {
    thrown = true;
  }
  EXPECT_TRUE(thrown);
}

TEST_F(keep_once_test, an_empty_task_is_a_failure) {
  simulate(get_an_empty_task());
}

// ------------------------------------------------------------------------------- reports

std::uint_least32_t line_of(std::source_location here = std::source_location::current()) {
  return here.line();
}

// Each way to spawn, and the name and line of its task, in that order.
task<> fail_everywhere(runtime& world, std::vector<std::uint_least32_t>& lines) {
  lines.push_back(line_of() + 1);
  spawn(keep(fail, "unnamed")).detach();
  lines.push_back(line_of() + 1);
  spawn(keep(fail, "named"), "named").detach();
  lines.push_back(line_of() + 1);
  world.spawn(keep(fail, "unnamed")).detach();
  lines.push_back(line_of() + 1);
  world.spawn(keep(fail, "named"), std::string("world")).detach();
  co_return;
}

TEST_F(keep_once_test, failures_are_reported_with_the_place_of_the_call) {
  reports told;
  std::vector<std::uint_least32_t> lines;
  {
    runtime world(options().workers(1).on_report(told.hook()));
    world.run(fail_everywhere(world, lines));
    while (world.live_tasks() != 0)
      std::this_thread::yield();
  }
  const std::vector<report> all = told.all();
  ASSERT_EQ(all.size(), 4U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].what, report::kind::unretrieved_exception);
    EXPECT_EQ(all[i].spawned_at.line(), lines[i]);
    EXPECT_STREQ(all[i].spawned_at.file_name(), std::source_location::current().file_name());
  }
  EXPECT_EQ(all[0].task_name, "");
  EXPECT_EQ(all[1].task_name, "named");
  EXPECT_EQ(all[2].task_name, "");
  EXPECT_EQ(all[3].task_name, "world");
}

// The tree of tasks has the place of the call, and no line for the coroutine that keeps.
TEST_F(keep_once_test, the_tree_shows_the_coroutine_that_is_called) {
  std::uint_least32_t waits = 0;
  std::vector<std::uint_least32_t> lines;
  auto sleeps = [&](const noted& /*kept*/) -> task<> {
    waits = line_of() + 1;
    co_await sleep_for(1s);
  };
  auto children = [&](task_group& group) -> task<> {
    lines.push_back(line_of() + 1);
    group.spawn(keep(sleeps, noted(1))).detach();
    lines.push_back(line_of() + 1);
    group.spawn(keep(sleeps, noted(1)), "named").detach();
    co_return;
  };
  auto root = [&]() -> task<> { co_await with_task_group(children); };
  simulation world;
  auto parent = world.spawn(root(), "parent");
  while (world.turn()) {
  }
  const std::string tree = world.tasks();
  world.run_until([&] { return parent.done(); });
  for (const std::uint_least32_t line : lines) {
    const std::string spawned = "keep_test.cc:" + std::to_string(line);
    EXPECT_NE(tree.find(spawned), std::string::npos) << spawned << tree;
  }
  EXPECT_NE(tree.find("'named'"), std::string::npos) << tree;
  EXPECT_NE(tree.find("keep_test.cc:" + std::to_string(waits)), std::string::npos) << tree;
  const std::size_t awaited = tree.find("awaited at");  // The parent's, and no other.
  EXPECT_NE(awaited, std::string::npos) << tree;
  EXPECT_EQ(tree.find("awaited at", awaited + 1), std::string::npos) << tree;
  EXPECT_EQ(tree.find("keep.h"), std::string::npos) << tree;
  EXPECT_EQ(tree.find("call_kept"), std::string::npos) << tree;
}

// A task that the callable makes and drops is reported where that stands.
TEST_F(keep_once_test, what_is_never_awaited_is_named_as_ever) {
  reports told;
  {
    runtime world(options().workers(1).on_report(told.hook()));
    world.spawn(keep([](task<int> /*never awaited*/) -> task<> { co_return; }, number(1))).get();
  }
  const std::vector<report> all = told.all();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].what, report::kind::never_awaited);
  EXPECT_NE(std::string(all[0].spawned_at.function_name()).find("number"), std::string::npos);
}

}  // namespace
}  // namespace magpie::testing
