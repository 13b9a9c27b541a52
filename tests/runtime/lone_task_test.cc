// A ready task that is left to its worker, because the turns there have been short, does not wait
// for one that is long after all: another worker takes it.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "magpie/runtime/channel.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace lone_task_test {

class lone_task_test : public runtime_test {
 protected:
  // body(workers), on each of some runtimes.
  template <class Body>
  static void repeat(Body body) {
    for (const std::size_t workers : {2U, 3U, 8U}) {
      for (int round = 0; round < 10; ++round)
        run(body(workers), options().workers(workers));
    }
  }
};

task<> answer(channel_receiver<int> questions, channel_sender<int> answers) {
  for (;;) {
    const auto question = co_await questions.receive();
    if (!question) co_return;
    co_await answers.send(*question + 1);
  }
}

// Many turns that are short, with one task ready at a time.
task<int> take_short_turns() {
  auto questions = make_channel<int>(1);
  auto answers = make_channel<int>(1);
  auto other = spawn(answer(std::move(questions.receiver), std::move(answers.sender)));
  int value = 0;
  for (int i = 0; i < 1000; ++i) {
    co_await questions.sender.send(value);
    value = (co_await answers.receiver.receive()).value();
  }
  {
    const auto dropped = std::move(questions.sender);
  }
  co_await other;
  co_return value;
}

task<> raise(std::atomic<bool>& flag) {
  flag = true;
  flag.notify_all();
  co_return;
}

// Blocks its worker until another has run `raise`.
task<> wait_for_another() {
  std::atomic<bool> raised = false;
  auto other = spawn(raise(raised));
  raised.wait(false);
  co_await other;
}

TEST_F(lone_task_test, is_taken_from_a_worker_that_blocks) {
  repeat([](std::size_t) -> task<> {
    for (int i = 0; i < 2; ++i) {
      const int turns = co_await take_short_turns();
      EXPECT_EQ(turns, 1000);
      co_await wait_for_another();
    }
  });
}

// All but one of the workers block, each beside a task that is left to it.
TEST_F(lone_task_test, are_taken_from_all_workers_that_block) {
  repeat([](std::size_t workers) -> task<> {
    co_await take_short_turns();
    std::vector<join_handle<>> all;
    for (std::size_t i = 1; i < workers; ++i)
      all.push_back(spawn(wait_for_another()));
    for (auto& each : all)
      co_await each;
  });
}

// While the worker that could come for it has something else to do, again and again.
TEST_F(lone_task_test, is_taken_by_a_worker_that_never_sleeps_for_long) {
  using namespace std::chrono_literals;
  auto tick = [](const std::atomic<bool>& ends) -> task<> {
    while (!ends)
      co_await sleep_for(300us);
  };
  repeat([&](std::size_t workers) -> task<> {
    std::atomic<bool> ends = false;
    std::vector<join_handle<>> ticking;
    for (std::size_t i = 1; i < workers; ++i)
      ticking.push_back(spawn(tick(ends)));
    const int turns = co_await take_short_turns();
    EXPECT_EQ(turns, 1000);
    co_await wait_for_another();
    ends = true;
    for (auto& each : ticking)
      co_await each;
  });
}

task<> count(std::atomic<int>& counted) {
  if (++counted == 0) counted.notify_all();
  co_return;
}

// Many short tasks, out of one turn, and at its end some more, for all of which it waits.
task<> spawn_many_and_wait() {
  constexpr int many = 2000;
  constexpr int some = 20;
  std::atomic<int> uncounted = 0;
  std::atomic<int> counted = -some;
  std::vector<join_handle<>> all;
  for (int i = 0; i < many; ++i)
    all.push_back(spawn(count(uncounted)));
  for (int i = 0; i < some; ++i)
    all.push_back(spawn(count(counted)));
  for (int now = counted; now != 0; now = counted)
    counted.wait(now);
  for (auto& each : all)
    co_await each;
}

TEST_F(lone_task_test, and_all_that_a_long_turn_has_kept) {
  repeat([](std::size_t) -> task<> {
    co_await take_short_turns();
    co_await spawn_many_and_wait();
  });
}

// A pair for each worker. They come and go.
TEST_F(lone_task_test, keeps_nobody_waiting) {
  repeat([](std::size_t workers) -> task<> {
    std::vector<join_handle<int>> pairs;
    for (std::size_t i = 0; i < workers; ++i)
      pairs.push_back(spawn(take_short_turns()));
    for (auto& each : pairs) {
      const int turns = co_await each;
      EXPECT_EQ(turns, 1000);
    }
  });
}

}  // namespace lone_task_test
}  // namespace magpie::testing
