// What the tests of gather have in common: the orders they run in, and children.
#ifndef MAGPIE_TESTS_RUNTIME_GATHER_CHILDREN_H_
#define MAGPIE_TESTS_RUNTIME_GATHER_CHILDREN_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {

class over_gathers : public over_workers {
 protected:
  // Virtual time, 200 orders.
  template <class Make>
  void simulated(Make make) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      simulate(make(), simulation_options().workers(GetParam()).seed(seed));
      ASSERT_EQ(counted::live(), 0);
      if (HasFailure()) return;
    }
  }
  // And on threads. For bodies that do not sleep.
  template <class Make>
  void in_all_orders(Make make) {
    simulated(make);
    SCOPED_TRACE("threads");
    runtime threads(options().workers(GetParam()));
    for (int i = 0; i < 20 && !HasFailure(); ++i) {
      threads.run(make());
      ASSERT_EQ(counted::live(), 0);
    }
  }
};

// The result after some turns.
template <class T>
task<T> give(T value, int turns) {
  const counted frame;
  for (int i = 0; i < turns; ++i)
    co_await yield();
  co_return std::move(value);
}

inline task<> nothing(int turns) {
  const counted frame;
  for (int i = 0; i < turns; ++i)
    co_await yield();
}

inline task<int&> refer(int& to, int turns) {
  const counted frame;
  for (int i = 0; i < turns; ++i)
    co_await yield();
  co_return to;
}

inline task<int> after(clock::duration delay, int value) {
  const counted frame;
  co_await sleep_for(delay);
  co_return value;
}

inline task<int> fail_after(clock::duration delay, std::string what) {
  const counted frame;
  co_await sleep_for(delay);
  throw std::runtime_error(what);
}

// Sleeps for a day, or counts that it was told not to.
inline task<int> sleep_long(int& cancelled_there) {
  const counted frame;
  try {
    co_await sleep_for(std::chrono::hours(24));
  } catch (const cancelled&) {
    ++cancelled_there;
    throw;
  }
  co_return 0;
}

template <class Awaitable>
task<std::string> error_of(Awaitable awaited) {
  std::string caught = "none";
  try {
    (void)co_await std::move(awaited);
  } catch (const cancelled&) {
    caught = "cancelled";
  } catch (const std::exception& error) {
    caught = error.what();
  }
  co_return caught;
}

// The sum of its leaves, three under each node.
inline task<long> tree(int depth, int turns) {
  const counted frame;
  if (depth == 0) {
    for (int i = 0; i < turns; ++i)
      co_await yield();
    co_return 1;
  }
  const auto [a, b, c] =
      co_await gather(tree(depth - 1, turns), tree(depth - 1, turns), tree(depth - 1, turns));
  co_return a + b + c;
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_GATHER_CHILDREN_H_
