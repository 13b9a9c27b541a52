#include "magpie/runtime/guest_runtime.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/cancel_scope.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/future.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/strand.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace guest_runtime_test {

using namespace std::chrono_literals;

// A loop that knows nothing of magpie: it sleeps until it is woken, or until some time.
class host_loop {
 public:
  void wake() {
    const std::lock_guard lock(mutex_);
    ++wakes_;
    woken_ = true;
    changed_.notify_one();
  }
  int wakes() const {
    const std::lock_guard lock(mutex_);
    return wakes_;
  }

  void run(guest_runtime& guest, const std::function<bool()>& ended, clock::duration limit = 5ms) {
    for (;;) {
      const bool more = guest.run_ready(limit);
      if (ended()) return;
      if (!more) sleep(guest.deadline());
    }
  }

 private:
  void sleep(clock::time_point until) {
    std::unique_lock lock(mutex_);
    const auto woken = [this] { return woken_; };
    if (until == clock::time_point::max()) {
      changed_.wait(lock, woken);
    } else {
      changed_.wait_until(lock, until, woken);
    }
    woken_ = false;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int wakes_ = 0;       // Under mutex_.
  bool woken_ = false;  // Under mutex_.
};

[[gnu::noinline]] std::thread::id this_thread() {
  return std::this_thread::get_id();
}

class guest_runtime_test : public runtime_test {
 protected:
  void TearDown() override {
    guest_.shutdown();
    runtime_test::TearDown();
  }

  // Runs it to its end.
  template <class T>
  T run_as_guest(task<T> what) {
    auto handle = guest_.spawn(std::move(what), "main");
    loop_.run(guest_, [&] { return handle.done(); });
    return handle.get();
  }

  host_loop loop_;
  guest_runtime guest_{[this] { loop_.wake(); }};
};

TEST_F(guest_runtime_test, has_no_threads_of_its_own) {
  const std::size_t before = threads_of_process();
  guest_runtime another([] {});
  EXPECT_EQ(threads_of_process(), before);
}

TEST_F(guest_runtime_test, all_tasks_run_on_the_thread_of_the_host) {
  const std::thread::id host = this_thread();
  auto child = [host]() -> task<int> {
    EXPECT_EQ(this_thread(), host);
    co_await yield();
    EXPECT_EQ(this_thread(), host);
    co_await sleep_for(1ms);
    EXPECT_EQ(this_thread(), host);
    auto elsewhere = [host] { EXPECT_NE(this_thread(), host); };
    co_await blocking(std::move(elsewhere));
    EXPECT_EQ(this_thread(), host);
    co_return 1;
  };
  auto body = [&]() -> task<int> {
    const auto [first, second] = co_await gather(child(), child());
    auto spawned = spawn(child());
    const int third = co_await spawned;
    const int fourth = co_await strand().run(child());
    co_return first + second + third + fourth;
  };
  EXPECT_EQ(run_as_guest(body()), 4);
}

TEST_F(guest_runtime_test, nothing_runs_before_it_is_let) {
  int ran = 0;
  auto count = [&]() -> task<> {
    ++ran;
    co_return;
  };
  EXPECT_EQ(guest_.deadline(), clock::time_point::max());
  auto handle = guest_.spawn(count());
  EXPECT_EQ(loop_.wakes(), 1);
  auto other = guest_.spawn(count());
  EXPECT_EQ(loop_.wakes(), 1) << "it has been told already";
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(guest_.live_tasks(), 2U);
  EXPECT_FALSE(guest_.run_ready());
  EXPECT_EQ(ran, 2);
  EXPECT_EQ(guest_.live_tasks(), 0U);
  EXPECT_FALSE(guest_.run_ready()) << "nothing to do";
  auto third = guest_.spawn(count());
  EXPECT_EQ(loop_.wakes(), 2);
  guest_.run_ready();
  EXPECT_EQ(ran, 3);
}

TEST_F(guest_runtime_test, gives_the_thread_back_while_there_is_more) {
  bool stop = false;
  auto forever = [&]() -> task<> {
    while (!stop)
      co_await yield();
  };
  auto one = guest_.spawn(forever());
  auto other = guest_.spawn(forever());
  const int wakes = loop_.wakes();
  EXPECT_TRUE(guest_.run_ready(clock::duration::zero()));
  EXPECT_TRUE(guest_.run_ready(1ms));
  EXPECT_LE(guest_.deadline(), clock::now());
  auto third = guest_.spawn(forever());
  EXPECT_EQ(loop_.wakes(), wakes) << "it is known that there is more";
  stop = true;
  while (guest_.run_ready()) {
  }
  EXPECT_TRUE(one.done());
  EXPECT_TRUE(other.done());
  EXPECT_TRUE(third.done());
}

// A turn ends after some joins, whatever the pieces take.
TEST_F(guest_runtime_test, gives_the_thread_back_in_the_middle_of_a_gather) {
  int pieces = 0;
  auto piece = [&]() -> task<> {
    ++pieces;
    co_return;
  };
  auto body = [&]() -> task<> {
    std::vector<task<>> all;
    for (int i = 0; i < 1000; ++i)
      all.push_back(piece());
    co_await gather(std::move(all));
  };
  auto handle = guest_.spawn(body());
  EXPECT_TRUE(guest_.run_ready(clock::duration::zero()));
  EXPECT_LT(pieces, 100);
  while (guest_.run_ready()) {
  }
  EXPECT_TRUE(handle.done());
}

TEST_F(guest_runtime_test, says_when_its_timers_are_due) {
  const auto before = clock::now();
  clock::time_point woke;
  auto nap = [&]() -> task<> {
    co_await sleep_for(20ms);
    woke = clock::now();
  };
  auto handle = guest_.spawn(nap());
  EXPECT_FALSE(guest_.run_ready());
  EXPECT_GE(guest_.deadline(), before + 20ms);
  EXPECT_LE(guest_.deadline(), clock::now() + 20ms);
  EXPECT_FALSE(handle.done());
  loop_.run(guest_, [&] { return handle.done(); });
  EXPECT_GE(woke, before + 20ms);
  EXPECT_EQ(guest_.deadline(), clock::time_point::max());
}

// Every one of them wakes a loop that sleeps for ever otherwise.
TEST_F(guest_runtime_test, no_wake_from_other_threads_is_lost) {
  constexpr int rounds = 3000;
  std::optional<promise<int>> question;
  std::mutex mutex;
  std::condition_variable asked;
  bool over = false;
  std::thread answers([&] {
    for (;;) {
      std::unique_lock lock(mutex);
      asked.wait(lock, [&] { return over || question.has_value(); });
      if (over) return;
      promise<int> mine = std::move(*question);
      question.reset();
      lock.unlock();
      mine.set_value(1);
    }
  });
  auto body = [&]() -> task<int> {
    int sum = 0;
    for (int i = 0; i < rounds; ++i) {
      promise<int> next;
      future<int> answer = next.get_future();
      {
        const std::lock_guard lock(mutex);
        question = std::move(next);
      }
      asked.notify_one();
      sum += co_await answer;
    }
    co_return sum;
  };
  EXPECT_EQ(run_as_guest(body()), rounds);
  {
    const std::lock_guard lock(mutex);
    over = true;
  }
  asked.notify_one();
  answers.join();
}

TEST_F(guest_runtime_test, other_threads_may_spawn) {
  std::atomic<int> ran{0};
  auto count = [&]() -> task<> {
    ++ran;
    co_return;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k)
        guest_.spawn(count()).detach();
    });
  }
  loop_.run(guest_, [&] { return ran == 800; });
  for (std::thread& each : threads)
    each.join();
}

TEST_F(guest_runtime_test, shutdown_cancels_and_waits) {
  bool cleaned_up = false;
  auto clean_up = [&]() -> task<> {
    co_await sleep_for(5ms);
    co_await blocking([] {});
    cleaned_up = true;
  };
  auto body = [&]() -> task<> {
    bool was_cancelled = false;
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
      was_cancelled = true;
    }
    if (was_cancelled) co_await shield(clean_up());
  };
  auto handle = guest_.spawn(body());
  guest_.run_ready();
  guest_.shutdown();
  EXPECT_TRUE(cleaned_up);
  EXPECT_TRUE(handle.done());
  EXPECT_EQ(guest_.live_tasks(), 0U);
  guest_.shutdown();  // Does nothing.
  EXPECT_THROW(guest_.run_ready(), usage_error);
  EXPECT_THROW(guest_.spawn(body()).detach(), stopped);
}

TEST_F(guest_runtime_test, says_what_its_end_waits_for_and_what_was_left_behind) {
  std::mutex mutex;
  std::vector<report> said;
  const auto settings = options().shutdown_timeout(1ms).on_report([&](const report& r) {
    const std::lock_guard lock(mutex);
    said.push_back(r);
  });
  auto in_shield = [](clock::duration time) -> task<> { co_await sleep_for(time); };
  auto body = [&]() -> task<> { co_await shield(in_shield(50ms)); };
  {
    guest_runtime own([] {}, settings);
    join_handle<> dropped = own.spawn(body(), "slow one");
    own.run_ready();
    dropped = {};
  }
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[0].what, report::kind::left_behind);
  EXPECT_EQ(said[1].what, report::kind::slow_shutdown);
  EXPECT_EQ(said[1].task_name, "slow one");
}

TEST_F(guest_runtime_test, what_the_wake_function_throws_is_reported) {
  std::vector<report> said;
  const auto settings = options().on_report([&](const report& r) { said.push_back(r); });
  auto nothing = []() -> task<> { co_return; };
  guest_runtime own([] { throw std::runtime_error("no loop"); }, settings);
  auto handle = own.spawn(nothing());
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].what, report::kind::failed_callback);
  EXPECT_NE(said[0].message.find("no loop"), std::string::npos) << said[0].message;
  own.run_ready();
  EXPECT_TRUE(handle.done());
}

TEST_F(guest_runtime_test, refuses_what_would_hang_or_race) {
  EXPECT_THROW(guest_runtime{nullptr}, std::invalid_argument);
  auto body = [this]() -> task<> {
    EXPECT_THROW(guest_.run_ready(), usage_error);
    EXPECT_THROW(guest_.shutdown(), usage_error);
    EXPECT_THROW(guest_runtime([] {}), usage_error);
    co_return;
  };
  auto handle = guest_.spawn(body(), "asked too early");
  std::string said;
  try {
    handle.get();
  } catch (const usage_error& error) {
    said = error.what();
  }
  EXPECT_NE(said.find("asked too early"), std::string::npos) << said;
  std::thread([this] {
    EXPECT_THROW(guest_.run_ready(), usage_error);
    EXPECT_THROW(guest_.shutdown(), usage_error);
  }).join();
  guest_.run_ready();
  handle.get();
}

// Another thread may ask, and waits.
TEST_F(guest_runtime_test, get_waits_on_another_thread) {
  auto seven = []() -> task<int> {
    co_await sleep_for(1ms);
    co_return 7;
  };
  auto handle = guest_.spawn(seven());
  std::atomic<int> got{0};
  std::thread asks([&] { got = handle.get(); });
  loop_.run(guest_, [&] { return got.load() == 7 || handle.done(); });
  asks.join();
  EXPECT_EQ(got.load(), 7);
}

TEST_F(guest_runtime_test, two_guests_of_one_host) {
  host_loop other_loop;
  guest_runtime other([&] { other_loop.wake(); });
  auto seven = []() -> task<int> {
    co_await yield();
    co_return 7;
  };
  auto first = guest_.spawn(seven());
  auto second = other.spawn(seven());
  while (guest_.run_ready() || other.run_ready()) {
  }
  EXPECT_EQ(first.get() + second.get(), 14);
}

TEST_F(guest_runtime_test, may_end_on_another_thread) {
  auto long_nap = []() -> task<> { co_await sleep_for(1h); };
  auto guest = std::make_unique<guest_runtime>([] {});
  auto handle = guest->spawn(long_nap());
  guest->run_ready();
  std::thread([&] { guest.reset(); }).join();
  EXPECT_THROW(handle.get(), cancelled);
}

}  // namespace guest_runtime_test
}  // namespace magpie::testing
