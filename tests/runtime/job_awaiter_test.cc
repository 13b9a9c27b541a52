// What cpu() and blocking() have in common.
#include "magpie/runtime/internal/job_awaiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace job_awaiter_test {

using namespace std::chrono_literals;

struct on_cpu {
  template <class Function>
  static auto call(Function&& function) {
    return cpu(std::forward<Function>(function));
  }
  static options one_thread() { return options().cpu_threads(1); }
};

struct on_blocking {
  template <class Function>
  static auto call(Function&& function) {
    return blocking(std::forward<Function>(function));
  }
  static options one_thread() { return options().blocking_threads(1); }
};

template <class Executor>
class job_awaiter_test : public runtime_test {
 protected:
  void SetUp() override {
    runtime_test::SetUp();
    if (std::is_same_v<Executor, on_cpu>) expect_threads_of_onetbb();
  }
};

struct executor_names {
  template <class Executor>
  static std::string GetName(int) {
    return std::is_same_v<Executor, on_cpu> ? "cpu" : "blocking";
  }
};
using executors = ::testing::Types<on_cpu, on_blocking>;
TYPED_TEST_SUITE(job_awaiter_test, executors, executor_names);

template <class Make>
void everywhere(Make make) {
  for (const std::size_t workers : {1U, 2U, 8U})
    in_many_orders(workers, make);
}

// ------------------------------------------------------------------------------------- results

template <class Executor>
task<> results() {
  const int value = co_await Executor::call([] { return 7; });
  EXPECT_EQ(value, 7);

  bool ran = false;
  co_await Executor::call([&ran] { ran = true; });
  EXPECT_TRUE(ran);

  int& same = co_await Executor::call([&value]() -> int& { return const_cast<int&>(value); });
  EXPECT_EQ(&same, &value);

  const std::unique_ptr<int> moved =
      co_await Executor::call([] { return std::make_unique<int>(3); });
  EXPECT_EQ(*moved, 3);
}

TYPED_TEST(job_awaiter_test, gives_the_result) {
  everywhere([] { return results<TypeParam>(); });
}

template <class Executor>
task<> callables() {
  auto owned = std::make_unique<int>(5);
  auto move_only = [kept = std::move(owned), instance = counted()] { return *kept; };
  auto job = Executor::call(std::move(move_only));
  const int value = co_await std::move(job);
  EXPECT_EQ(value, 5);

  struct once {
    int operator()() && { return 6; }
  };
  const int consumed = co_await Executor::call(once());
  EXPECT_EQ(consumed, 6);

  struct function {
    static int plain() { return 8; }
  };
  const int from_function = co_await Executor::call(&function::plain);
  EXPECT_EQ(from_function, 8);

  // A named callable is copied.
  int count = 0;
  const auto named = [&count] { return ++count; };
  const int first = co_await Executor::call(named);
  const int second = co_await Executor::call(named);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 2);
}

TYPED_TEST(job_awaiter_test, takes_any_callable) {
  everywhere([] { return callables<TypeParam>(); });
}

template <class Executor>
task<> exceptions() {
  bool caught = false;
  try {
    co_await Executor::call([] { throw std::runtime_error("job"); });
  } catch (const std::runtime_error& error) {
    caught = std::string(error.what()) == "job";
  }
  EXPECT_TRUE(caught);

  struct fragile {
    fragile() = default;
    fragile(fragile&& other) noexcept(false) : moves(other.moves + 1) {
      if (moves > 1) throw std::runtime_error("moved");
    }
    fragile(const fragile&) = delete;
    fragile& operator=(const fragile&) = delete;
    fragile& operator=(fragile&&) = delete;
    ~fragile() = default;
    counted member;
    int moves = 0;
  };
  caught = false;
  try {
    co_await Executor::call([] { return fragile(); });
  } catch (const std::runtime_error&) {
    caught = true;
  }
  EXPECT_TRUE(caught);
}

TYPED_TEST(job_awaiter_test, throws_what_the_function_threw) {
  everywhere([] { return exceptions<TypeParam>(); });
}

template <class Executor>
task<int> one_of_many(int value) {
  const counted frame;
  const int got = co_await Executor::call([&value] { return value; });
  co_return got;
}

template <class Executor>
task<> many(int count) {
  std::vector<task<int>> tasks;
  for (int i = 0; i < count; ++i)
    tasks.push_back(one_of_many<Executor>(i));
  const std::vector<int> results = co_await gather(std::move(tasks));
  for (int i = 0; i < count; ++i)
    EXPECT_EQ(results[static_cast<std::size_t>(i)], i);
}

TYPED_TEST(job_awaiter_test, many) {
  everywhere([] { return many<TypeParam>(200); });
}

TYPED_TEST(job_awaiter_test, one_after_the_other) {
  auto body = []() -> task<> {
    for (int i = 0; i < 1000; ++i) {
      const int got = co_await TypeParam::call([&i] { return i; });
      EXPECT_EQ(got, i);
    }
  };
  run(body(), options().workers(2));
}

// ----------------------------------------------------------------------------------- the thread

// The function runs on no worker; the task goes on on one.
TYPED_TEST(job_awaiter_test, runs_elsewhere_and_comes_back) {
  auto body = []() -> task<> {
    const std::thread::id here = std::this_thread::get_id();
    const auto inside = co_await TypeParam::call([] {
      EXPECT_EQ(internal::current_worker(), nullptr);
      EXPECT_THROW((void)spawn(many<TypeParam>(1)), usage_error);
      return std::this_thread::get_id();
    });
    EXPECT_NE(inside, here);
    EXPECT_EQ(std::this_thread::get_id(), here);
    EXPECT_NE(internal::current_worker(), nullptr);
  };
  run(body(), options().workers(1));
}

// The only worker is free meanwhile.
TYPED_TEST(job_awaiter_test, the_worker_runs_others) {
  auto body = []() -> task<> {
    std::atomic<int> beats{0};
    auto heart = [&beats]() -> task<> {
      while (beats < 10) {
        ++beats;
        co_await yield();
      }
    };
    auto waits_for_beats = [&beats]() -> task<> {
      co_await TypeParam::call([&beats] {
        while (beats < 10)
          std::this_thread::yield();
      });
    };
    co_await gather(waits_for_beats(), heart());
  };
  run(body(), options().workers(1));
}

// --------------------------------------------------------------------------------- cancellation

// Blocks the only thread of the executor until it is told.
struct gate {
  std::atomic<bool> entered{false};
  std::atomic<bool> opened{false};
  void pass() {
    entered = true;
    while (!opened)
      std::this_thread::yield();
  }
};

// While the job waits for a thread: the function never runs, and is destroyed.
TYPED_TEST(job_awaiter_test, cancelled_before_it_starts) {
  for (const std::size_t workers : {1U, 2U}) {
    gate busy;
    bool ran = false;
    auto first = [&busy]() -> task<> { co_await TypeParam::call([&busy] { busy.pass(); }); };
    auto second = [&ran]() -> task<> {
      auto function = [&ran, instance = counted()] { ran = true; };
      auto job = TypeParam::call(std::move(function));
      co_await std::move(job);
    };
    auto body = [&]() -> task<bool> {
      auto holder = spawn(first());
      while (!busy.entered)
        co_await yield();
      auto waiting = spawn(second());
      for (int i = 0; i < 10; ++i)
        co_await yield();
      waiting.cancel();
      bool thrown = false;
      try {
        co_await waiting;
      } catch (const cancelled&) {
        thrown = true;
      }
      busy.opened = true;
      co_await holder;
      co_return thrown;
    };
    EXPECT_TRUE(run(body(), TypeParam::one_thread().workers(workers)));
    EXPECT_FALSE(ran);
  }
}

// While it runs: it is waited for, and its result is given.
TYPED_TEST(job_awaiter_test, cancelled_while_it_runs) {
  gate busy;
  std::atomic<bool> told{false};
  auto works = [&]() -> task<int> {
    const int got = co_await TypeParam::call([&busy] {
      busy.pass();
      return 5;
    });
    try {
      co_await yield();
    } catch (const cancelled&) {
      told = true;
    }
    co_return got;
  };
  auto body = [&]() -> task<int> {
    auto handle = spawn(works());
    while (!busy.entered)
      co_await yield();
    handle.cancel();
    for (int i = 0; i < 10; ++i)
      co_await yield();
    EXPECT_FALSE(handle.done());
    busy.opened = true;
    const int got = co_await handle;
    co_return got;
  };
  EXPECT_EQ(run(body(), options().workers(2)), 5);
  EXPECT_TRUE(told);
}

TYPED_TEST(job_awaiter_test, cancelled_already) {
  bool ran = false;
  auto works = [&ran]() -> task<> {
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
    }
    co_await TypeParam::call([&ran] { ran = true; });
  };
  auto body = [&]() -> task<bool> {
    auto handle = spawn(works());
    co_await yield();
    handle.cancel();
    try {
      co_await handle;
    } catch (const cancelled&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(run(body(), options().workers(1)));
  EXPECT_FALSE(ran);
}

// Cancellation, start and end meet in every order.
TYPED_TEST(job_awaiter_test, cancelled_at_any_time) {
  auto works = []() -> task<int> {
    const counted frame;
    auto function = [instance = counted()] { return 1; };
    auto job = TypeParam::call(std::move(function));
    const int got = co_await std::move(job);
    co_return got;
  };
  runtime workers(TypeParam::one_thread().workers(2));
  int completed = 0;
  int lost = 0;
  for (int round = 0; round < 500; ++round) {
    auto first = workers.spawn(works());
    auto second = workers.spawn(works());
    for (int i = 0; i < round % 50; ++i)
      std::this_thread::yield();
    second.cancel();
    EXPECT_EQ(first.get(), 1);
    try {
      completed += second.get();
    } catch (const cancelled&) {
      ++lost;
    }
  }
  EXPECT_EQ(completed + lost, 500);
}

TYPED_TEST(job_awaiter_test, shutdown_waits_for_what_runs) {
  gate busy;
  std::atomic<bool> ended{false};
  auto works = [&]() -> task<> {
    co_await TypeParam::call([&] {
      busy.pass();
      ended = true;
    });
  };
  // Told that the shutdown waits, it lets the function end.
  runtime workers(options().workers(1).shutdown_timeout(1ms).on_report([&](const report& what) {
    EXPECT_EQ(what.what, report::kind::slow_shutdown);
    busy.opened = true;
  }));
  workers.spawn(works()).detach();
  while (!busy.entered)
    std::this_thread::yield();
  workers.shutdown();
  EXPECT_TRUE(ended);
}

// ---------------------------------------------------------------------------------------- unused

TYPED_TEST(job_awaiter_test, dropped_before_it_is_awaited) {
  bool ran = false;
  {
    auto dropped = TypeParam::call([&ran, instance = counted()] { ran = true; });
    EXPECT_EQ(counted::live(), 1);
  }
  EXPECT_EQ(counted::live(), 0);
  EXPECT_FALSE(ran);
}

}  // namespace job_awaiter_test
}  // namespace magpie::testing
