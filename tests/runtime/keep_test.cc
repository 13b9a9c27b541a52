// What is kept, and how long.
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
#include "magpie/tests/runtime/noted.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/spawned.h"
#include "magpie/tests/runtime/throws_when_moved.h"

namespace magpie::testing {
namespace keep_test {

using namespace std::chrono_literals;

class keep_test : public over_workers {};
MAGPIE_OVER_WORKERS(keep_test);

class keep_once_test : public runtime_test {};

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

}  // namespace keep_test
}  // namespace magpie::testing
