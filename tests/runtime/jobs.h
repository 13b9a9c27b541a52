// What the tests of cpu() and blocking() have in common: both run a function elsewhere.
#ifndef MAGPIE_TESTS_RUNTIME_JOBS_H_
#define MAGPIE_TESTS_RUNTIME_JOBS_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {

// Opens once.
class gate {
 public:
  void open() { open_ = true; }
  bool is_open() const { return open_; }
  void wait() const {
    while (!open_)
      std::this_thread::sleep_for(std::chrono::microseconds(100));
  }

 private:
  std::atomic<bool> open_{false};
};

// `Hop` has a function go(f), which is cpu(f) or blocking(f), and one_thread(workers), options with
// a single thread behind it.
template <class Hop>
class jobs_test : public runtime_test {
 protected:
  void SetUp() override {
    runtime_test::SetUp();
    if (Hop::keeps_threads) expect_threads_of_onetbb();
  }
};

TYPED_TEST_SUITE_P(jobs_test);

template <class Hop>
task<> all_kinds_of_results() {
  const int number = co_await Hop::go([] { return 7; });
  EXPECT_EQ(number, 7);

  bool ran = false;
  auto nothing = [&ran] { ran = true; };
  static_assert(std::is_void_v<decltype(Hop::go(nothing).operator co_await().await_resume())>);
  co_await Hop::go(nothing);
  EXPECT_TRUE(ran);

  const std::unique_ptr<int> unique = co_await Hop::go([] { return std::make_unique<int>(5); });
  EXPECT_EQ(*unique, 5);

  int object = 0;
  auto refer = [&object]() -> int& { return object; };
  int& same = co_await Hop::go(refer);
  EXPECT_EQ(&same, &object);

  // A callable that only moves, with what it owns, and that is called as an rvalue.
  struct once {
    std::unique_ptr<int> owned = std::make_unique<int>(9);
    counted alive;
    std::unique_ptr<int> operator()() && { return std::move(owned); }
  };
  once callable;
  const std::unique_ptr<int> nine = co_await Hop::go(std::move(callable));
  EXPECT_EQ(*nine, 9);

  // A function, a pointer to one, and a std::function.
  std::function<std::string()> stored = [] { return std::string("stored"); };
  const std::string text = co_await Hop::go(stored);
  EXPECT_EQ(text, "stored");
  const std::size_t current = co_await Hop::go(threads_of_process);
  EXPECT_GE(current, 1U);
}

TYPED_TEST_P(jobs_test, gives_all_kinds_of_results) {
  for (const std::size_t workers : {1, 2, 8})
    in_many_orders(workers, [] { return all_kinds_of_results<TypeParam>(); });
}

template <class Hop>
task<> exceptions() {
  std::string caught;
  auto fails = []() -> int { throw std::runtime_error("from the job"); };
  try {
    (void)co_await Hop::go(fails);
  } catch (const std::runtime_error& error) {
    caught = error.what();
  }
  EXPECT_EQ(caught, "from the job");
  int number = 0;
  auto throws_a_number = [] { throw 5; };
  try {
    co_await Hop::go(throws_a_number);
  } catch (int thrown) {
    number = thrown;
  }
  EXPECT_EQ(number, 5);
  // A job that throws `cancelled` has failed with it.
  bool was_cancelled = false;
  auto gives_up = [] { throw cancelled(); };
  try {
    co_await Hop::go(gives_up);
  } catch (const cancelled&) {
    was_cancelled = true;
  }
  EXPECT_TRUE(was_cancelled);
}

TYPED_TEST_P(jobs_test, throws_what_the_function_throws) {
  in_many_orders(2, [] { return exceptions<TypeParam>(); });
}

TYPED_TEST_P(jobs_test, does_nothing_before_it_is_awaited) {
  bool ran = false;
  {
    const auto dropped = TypeParam::go([&ran, alive = counted()] { ran = true; });
    EXPECT_EQ(counted::live(), 1);
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(counted::live(), 0);
}

// On a thread that is no worker; the task goes on on its worker.
TYPED_TEST_P(jobs_test, runs_elsewhere_and_comes_back) {
  auto body = []() -> task<> {
    const auto worker = std::this_thread::get_id();
    for (int i = 0; i < 200; ++i) {
      auto where = [] { return std::pair(std::this_thread::get_id(), internal::current_worker()); };
      const auto [thread, there] = co_await TypeParam::go(where);
      EXPECT_NE(thread, worker);
      EXPECT_EQ(there, nullptr);
      EXPECT_EQ(std::this_thread::get_id(), worker);
    }
  };
  run(body(), options().workers(1));
}

TYPED_TEST_P(jobs_test, comes_back_to_its_own_runtime) {
  std::vector<std::unique_ptr<runtime>> all;
  for (std::size_t i = 1; i <= 3; ++i)
    all.push_back(std::make_unique<runtime>(options().workers(i).cpu_threads(2)));
  auto body = []() -> task<int> {
    internal::scheduler* const own = &internal::current_worker()->owner();
    int sum = 0;
    for (int i = 0; i < 100; ++i) {
      sum += co_await TypeParam::go([] { return 1; });
      EXPECT_EQ(&internal::current_worker()->owner(), own);
    }
    co_return sum;
  };
  std::vector<join_handle<int>> handles;
  for (int round = 0; round < 4; ++round) {
    for (const auto& each : all)
      handles.push_back(each->spawn(body()));
  }
  for (join_handle<int>& handle : handles)
    EXPECT_EQ(handle.get(), 100);
}

// The worker runs other tasks meanwhile.
TYPED_TEST_P(jobs_test, the_worker_is_free_meanwhile) {
  gate opened;
  auto waits = [&opened]() -> task<> { co_await TypeParam::go([&opened] { opened.wait(); }); };
  auto opens = [&opened]() -> task<> {
    opened.open();
    co_return;
  };
  auto both = [&]() -> task<> { co_await gather(waits(), opens()); };
  run(both(), options().workers(1));
}

TYPED_TEST_P(jobs_test, a_thousand_at_once) {
  std::atomic<int> ran = 0;
  auto hops = [&ran](int i) -> task<int> {
    const counted frame;
    auto job = [&ran, i] {
      ++ran;
      return i;
    };
    co_return co_await TypeParam::go(job);
  };
  auto body = [&]() -> task<> {
    std::vector<task<int>> all;
    for (int i = 0; i < 1000; ++i)
      all.push_back(hops(i));
    const std::vector<int> results = co_await gather(std::move(all));
    for (int i = 0; i < 1000; ++i)
      EXPECT_EQ(results[static_cast<std::size_t>(i)], i);
  };
  run(body(), options().workers(4));
  EXPECT_EQ(ran, 1000);
  ran = 0;
  run(body(), TypeParam::one_thread(1));
  EXPECT_EQ(ran, 1000);
}

// ---------------------------------------------------------------------------------- cancellation

template <class Hop>
task<> waits_at(gate& started, gate& opened, bool& threw) {
  const counted frame;
  try {
    co_await Hop::go([&] {
      started.open();
      opened.wait();
    });
  } catch (const cancelled&) {
    threw = true;
    throw;
  }
}

// The only thread is taken; the job that waits for it is cancelled, and never runs.
TYPED_TEST_P(jobs_test, cancelled_before_it_starts_it_never_runs) {
  gate started;
  gate opened;
  bool first_threw = false;
  std::atomic<bool> second_ran = false;
  runtime threads(TypeParam::one_thread(2));
  auto first = threads.spawn(waits_at<TypeParam>(started, opened, first_threw));
  started.wait();
  auto second_body = [&]() -> task<> {
    co_await TypeParam::go([&second_ran] { second_ran = true; });
  };
  for (int i = 0; i < 20; ++i) {
    auto second = threads.spawn(second_body());
    for (int j = 0; j < i * 10; ++j)
      std::this_thread::yield();
    second.cancel();
    EXPECT_THROW(second.get(), cancelled);
  }
  EXPECT_FALSE(opened.is_open());
  opened.open();
  first.get();
  // What has been withdrawn does not hold up what comes later.
  auto later = []() -> task<int> { co_return co_await TypeParam::go([] { return 3; }); };
  EXPECT_EQ(threads.run(later()), 3);
  EXPECT_FALSE(second_ran);
  EXPECT_FALSE(first_threw);
}

TYPED_TEST_P(jobs_test, cancelled_while_it_runs_it_is_waited_for) {
  gate started;
  gate opened;
  bool threw = false;
  runtime threads(TypeParam::one_thread(2));
  auto running = threads.spawn(waits_at<TypeParam>(started, opened, threw));
  started.wait();
  running.cancel();
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(running.done());
    std::this_thread::yield();
  }
  EXPECT_EQ(counted::live(), 1);
  opened.open();
  // It has its result.
  running.get();
  EXPECT_FALSE(threw);
}

TYPED_TEST_P(jobs_test, of_a_cancelled_task_it_never_runs) {
  bool ran = false;
  auto body = [&ran]() -> task<> {
    try {
      co_await sleep_for(std::chrono::hours(24));
    } catch (const cancelled&) {
    }
    co_await TypeParam::go([&ran] { ran = true; });
  };
  runtime threads(options().workers(2));
  auto handle = threads.spawn(body());
  handle.cancel();
  EXPECT_THROW(handle.get(), cancelled);
  EXPECT_FALSE(ran);
}

// In every order: it has run and gives its result, or it has not and throws; never both, never
// neither.
TYPED_TEST_P(jobs_test, runs_or_is_cancelled) {
  int ran = 0;
  int threw = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    bool function_ran = false;
    bool was_cancelled = false;
    auto hops = [&]() -> task<> {
      const counted frame;
      try {
        co_await TypeParam::go([&] { function_ran = true; });
      } catch (const cancelled&) {
        was_cancelled = true;
      }
    };
    auto body = [&]() -> task<> {
      auto handle = spawn(hops());
      for (std::uint64_t i = 0; i < seed % 4; ++i)
        co_await yield();
      handle.cancel();
      co_await handle;
    };
    simulate(body(), simulation_options().workers(1 + seed % 3).seed(seed));
    ASSERT_NE(function_ran, was_cancelled) << seed;
    ++(function_ran ? ran : threw);
  }
  EXPECT_GT(ran, 10);
  EXPECT_GT(threw, 10);
}

// The same on threads.
TYPED_TEST_P(jobs_test, cancelled_at_any_moment) {
  runtime threads(options().workers(2));
  for (int i = 0; i < 300; ++i) {
    std::atomic<int> ran = 0;
    auto hops = [&]() -> task<> {
      const counted frame;
      co_await TypeParam::go([&] { ++ran; });
    };
    auto handle = threads.spawn(hops());
    for (int j = 0; j < i % 20 * 5; ++j)
      std::this_thread::yield();
    handle.cancel();
    bool threw = false;
    try {
      handle.get();
    } catch (const cancelled&) {
      threw = true;
    }
    ASSERT_EQ(ran, threw ? 0 : 1);
  }
}

// A sibling fails while jobs run and wait: all end, none is lost.
TYPED_TEST_P(jobs_test, a_failing_sibling_withdraws_them) {
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> ran = 0;
    auto hops = [&ran]() -> task<> {
      const counted frame;
      co_await TypeParam::go([&ran] { ++ran; });
    };
    auto fails = []() -> task<> {
      co_await yield();
      throw std::runtime_error("sibling");
    };
    auto body = [&]() -> task<> {
      std::vector<task<>> all;
      for (int j = 0; j < 50; ++j)
        all.push_back(hops());
      all.push_back(fails());
      co_await gather(std::move(all));
    };
    EXPECT_THROW(run(body(), TypeParam::one_thread(2)), std::runtime_error);
    EXPECT_EQ(counted::live(), 0);
    EXPECT_LE(ran, 50);
  }
}

TYPED_TEST_P(jobs_test, a_shutdown_waits_for_what_runs) {
  gate started;
  gate opened;
  std::atomic<bool> ended = false;
  auto hops = [&]() -> task<> {
    const counted frame;
    co_await TypeParam::go([&] {
      started.open();
      opened.wait();
      ended = true;
    });
  };
  std::thread opener;
  {
    runtime threads(options().workers(1));
    threads.spawn(hops()).detach();
    started.wait();
    opener = std::thread([&opened] { opened.open(); });
  }
  EXPECT_TRUE(ended);
  EXPECT_EQ(counted::live(), 0);
  opener.join();
}

REGISTER_TYPED_TEST_SUITE_P(jobs_test, gives_all_kinds_of_results, throws_what_the_function_throws,
                            does_nothing_before_it_is_awaited, runs_elsewhere_and_comes_back,
                            comes_back_to_its_own_runtime, the_worker_is_free_meanwhile,
                            a_thousand_at_once, cancelled_before_it_starts_it_never_runs,
                            cancelled_while_it_runs_it_is_waited_for,
                            of_a_cancelled_task_it_never_runs, runs_or_is_cancelled,
                            cancelled_at_any_moment, a_failing_sibling_withdraws_them,
                            a_shutdown_waits_for_what_runs);

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_JOBS_H_
