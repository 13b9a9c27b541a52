// gather that keeps exceptions, gather with a limit, and retry.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/inplace_vector.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/retry.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/disturbances.h"
#include "magpie/tests/runtime/elapsed.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/naps.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace gather_forms_test {

using namespace std::chrono_literals;

class gather_forms_test : public over_workers {};
MAGPIE_OVER_WORKERS(gather_forms_test);

task<> fail_after(clock::duration delay) {
  const counted frame;
  co_await sleep_for(delay);
  throw std::runtime_error("failed");
}

task<std::unique_ptr<int>> owned(int value) {
  co_await yield();
  co_return std::make_unique<int>(value);
}

task<int&> refers_to(int& place) {
  co_await yield();
  co_return place;
}

// ------------------------------------------------------------------------------------ arrays

task<> gather_arrays() {
  int place = 4;
  std::array<task<int>, 3> naps{nap(3s, 1), nap(2s, 2), nap(1s, 3)};
  const std::array<int, 3> values = co_await gather(std::move(naps));
  EXPECT_EQ(elapsed(), 3s);
  EXPECT_EQ(values, (std::array{1, 2, 3}));

  std::array<task<std::unique_ptr<int>>, 2> owning{owned(5), owned(6)};
  const std::array<std::unique_ptr<int>, 2> pointers = co_await gather(std::move(owning));
  EXPECT_EQ(*pointers[0] + *pointers[1], 11);

  std::array<task<int&>, 1> referring{refers_to(place)};
  const std::array<std::reference_wrapper<int>, 1> references =
      co_await gather(std::move(referring));
  EXPECT_EQ(&references[0].get(), &place);

  std::array<task<>, 2> failing{fail_after(2s), fail_after(1s)};
  auto failed = outcome_of(gather(std::move(failing)));
  const outcome<void> end = co_await std::move(failed);
  EXPECT_THROW(end.value(), std::runtime_error);
  EXPECT_EQ(elapsed(), 4s);

  std::array<task<int>, 2> half_empty{nap(1s, 1), task<int>()};
  auto refused = outcome_of(gather(std::move(half_empty)));
  const outcome<std::array<int, 2>> why = co_await std::move(refused);
  EXPECT_THROW(why.value(), usage_error);

  co_await gather(std::array<task<>, 0>());
}

TEST_P(gather_forms_test, arrays_give_arrays) {
  in_simulated_orders(GetParam(), [] { return gather_arrays(); });
}

// ------------------------------------------------------------------------------------ calls

task<> gather_calls() {
  std::vector<std::size_t> order;
  const std::array<int, 3> values = co_await gather_n<3>([&](std::size_t i) {
    order.push_back(i);
    return nap(std::chrono::seconds(3 - static_cast<int>(i)), static_cast<int>(i) * 10);
  });
  EXPECT_EQ(elapsed(), 3s);
  EXPECT_EQ(values, (std::array{0, 10, 20}));
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2}));

  co_await gather_n<2>([](std::size_t) -> task<> { co_await sleep_for(1s); });
  EXPECT_EQ(elapsed(), 4s);

  // Coroutines themselves, which look for what they capture when they go on.
  const std::array<int, 2> captured = co_await gather_n<2>([&](std::size_t i) -> task<int> {
    co_await sleep_for(1s);
    co_return values[i] + 1;
  });
  EXPECT_EQ(captured, (std::array{1, 11}));
  const int ten = 10;
  auto named = [&](std::size_t i) -> task<int> {
    co_await sleep_for(1s);
    co_return static_cast<int>(i) + ten;
  };
  auto kept = gather_n<2>(named);
  const std::array<int, 2> later = co_await std::move(kept);
  EXPECT_EQ(later, (std::array{10, 11}));
  EXPECT_EQ(elapsed(), 6s);

  // What is no task.
  co_await gather_n<2>([](std::size_t) { return sleep_for(1s); });
  const std::array<std::array<int, 2>, 2> nested = co_await gather_n<2>(
      [](std::size_t) { return gather_n<2>([](std::size_t i) { return nap(1s, int(i)); }); });
  EXPECT_EQ(nested[1][1], 1);

  auto failed = outcome_of(gather_n<2>([](std::size_t) { return fail_after(1s); }));
  const outcome<void> end = co_await std::move(failed);
  EXPECT_THROW(end.value(), std::runtime_error);
}

TEST_P(gather_forms_test, calls_give_an_array) {
  in_simulated_orders(GetParam(), [] { return gather_calls(); });
}

// The tasks that were made before are dropped, and nobody is told: an exception did it.
TEST_P(gather_forms_test, a_call_throws) {
  auto body = []() -> task<> {
    bool thrown = false;
    try {
      co_await gather_n<3>([](std::size_t i) {
        if (i == 2) throw std::runtime_error("no third");
        return nap(1s, 1);
      });
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
  };
  in_simulated_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ in place

task<> gather_in_place() {
  int place = 4;
  inplace_vector<task<int>, 4> naps;
  for (int i = 1; i <= 3; ++i)
    naps.push_back(nap(std::chrono::seconds(i), i));
  const inplace_vector<int, 4> values = co_await gather(std::move(naps));
  EXPECT_EQ(elapsed(), 3s);
  EXPECT_EQ(std::vector<int>(values.begin(), values.end()), (std::vector{1, 2, 3}));

  inplace_vector<task<std::unique_ptr<int>>, 2> owning;
  owning.push_back(owned(5));
  owning.push_back(owned(6));
  const inplace_vector<std::unique_ptr<int>, 2> pointers = co_await gather(std::move(owning));
  EXPECT_EQ(*pointers[0] + *pointers[1], 11);

  inplace_vector<task<int&>, 2> referring;
  referring.push_back(refers_to(place));
  const inplace_vector<std::reference_wrapper<int>, 2> references =
      co_await gather(std::move(referring));
  EXPECT_EQ(&references[0].get(), &place);

  inplace_vector<task<>, 8> failing;
  failing.push_back(fail_after(2s));
  failing.push_back(fail_after(1s));
  auto failed = outcome_of(gather(std::move(failing)));
  const outcome<void> end = co_await std::move(failed);
  EXPECT_THROW(end.value(), std::runtime_error);
  EXPECT_EQ(elapsed(), 4s);

  inplace_vector<task<std::unique_ptr<int>>, 2> half_empty;
  half_empty.push_back(owned(1));
  half_empty.emplace_back();
  auto refused = outcome_of(gather(std::move(half_empty)));
  const outcome<inplace_vector<std::unique_ptr<int>, 2>> why = co_await std::move(refused);
  EXPECT_THROW(why.value(), usage_error);

  co_await gather(inplace_vector<task<>, 1>());
}

TEST_P(gather_forms_test, lists_in_place_give_lists_in_place) {
  in_simulated_orders(GetParam(), [] { return gather_in_place(); });
}

TEST_P(gather_forms_test, lists_in_place_of_operations_and_outcomes) {
  auto body = []() -> task<> {
    inplace_vector<join_handle<int>, 4> handles;
    handles.push_back(spawn(nap(2s, 1)));
    handles.push_back(spawn(nap(1s, 2)));
    const inplace_vector<int, 4> values = co_await gather(handles);
    EXPECT_EQ(values.size(), 2U);
    EXPECT_EQ(values.back(), 2);

    inplace_vector<task<>, 4> failing;
    for (int i = 1; i <= 3; ++i)
      failing.push_back(fail_after(std::chrono::seconds(i)));
    const auto outcomes = co_await gather(return_exceptions, std::move(failing));
    EXPECT_EQ(elapsed(), 5s);
    EXPECT_EQ(outcomes.size(), 3U);
    for (const outcome<void>& each : outcomes)
      EXPECT_TRUE(each.error() != nullptr);
  };
  in_simulated_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ exceptions

TEST_P(gather_forms_test, exceptions_are_values_and_cancel_nothing) {
  auto body = []() -> task<> {
    int place = 4;
    auto [value, failed, pointer, reference] =
        co_await gather(return_exceptions, nap(3s, 1), fail_after(1s), owned(2), refers_to(place));
    EXPECT_EQ(elapsed(), 3s);
    EXPECT_EQ(value.value(), 1);
    EXPECT_FALSE(failed.has_value());
    EXPECT_THROW(failed.value(), std::runtime_error);
    EXPECT_EQ(*std::move(pointer).value(), 2);
    EXPECT_EQ(&reference.value().get(), &place);
    EXPECT_EQ(value.error(), nullptr);

    std::vector<task<>> tasks;
    for (int i = 0; i < 4; ++i)
      tasks.push_back(fail_after(std::chrono::seconds(i)));
    const auto outcomes = co_await gather(return_exceptions, std::move(tasks));
    EXPECT_EQ(outcomes.size(), 4U);
    for (const outcome<void>& each : outcomes)
      EXPECT_TRUE(each.error() != nullptr);
  };
  in_simulated_orders(GetParam(), body);
}

// A child that awaits what somebody has cancelled: an outcome. The caller is cancelled: not.
TEST_P(gather_forms_test, cancelled_is_an_outcome_unless_it_means_the_caller) {
  auto foreign = [](clock::duration when) -> task<> {
    auto handle = spawn(nap(1h, 1));
    co_await sleep_for(when);
    handle.cancel();
    co_await handle;
  };
  auto caller = [&]() -> task<> {
    auto [first, second] = co_await gather(return_exceptions, foreign(1s), nap(1s, 2));
    EXPECT_THROW(first.value(), cancelled);
    EXPECT_EQ(second.value(), 2);
    co_await gather(return_exceptions, nap(1h, 1), nap(1h, 2));
    ADD_FAILURE();
  };
  auto body = [&]() -> task<> {
    auto handle = spawn(caller());
    co_await sleep_for(5s);
    handle.cancel();
    const bool was_cancelled = co_await ends_cancelled(handle);
    EXPECT_TRUE(was_cancelled);
  };
  in_simulated_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ a limit

struct crowd {
  int inside = 0;
  int most = 0;
  int begun = 0;
};

task<int> visit(crowd& all, int place) {
  const counted frame;
  EXPECT_EQ(all.begun++, place);
  all.most = std::max(all.most, ++all.inside);
  co_await sleep_for(std::chrono::seconds(1 + place % 3));
  --all.inside;
  co_return place;
}

TEST_P(gather_forms_test, no_more_than_the_limit_at_once) {
  auto body = []() -> task<> {
    for (const std::size_t limit : {1U, 3U, 10U, 100U}) {
      crowd all;
      std::vector<task<int>> visits;
      for (int i = 0; i < 20; ++i)
        visits.push_back(visit(all, i));
      const std::vector<int> values = co_await gather(at_most(limit), std::move(visits));
      EXPECT_EQ(values.size(), 20U);
      for (std::size_t i = 0; i < values.size(); ++i)
        EXPECT_EQ(values[i], static_cast<int>(i));
      EXPECT_EQ(all.most, static_cast<int>(std::min<std::size_t>(limit, 20)));
    }
    std::vector<task<>> none;
    co_await gather(at_most(3), std::move(none));
    std::vector<task<std::unique_ptr<int>>> pointers;
    pointers.push_back(owned(7));
    const auto got = co_await gather(at_most(3), std::move(pointers));
    EXPECT_EQ(*got.at(0), 7);
  };
  // One worker at a time touches the crowd, in a simulation.
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    simulate(body(), simulation_options().workers(1).seed(seed));
}

TEST_P(gather_forms_test, a_failure_keeps_the_rest_from_beginning) {
  auto counts = [](int& begun) -> task<> {
    ++begun;
    co_await sleep_for(1s);
    if (begun >= 4) throw std::runtime_error("enough");
  };
  auto body = [&]() -> task<> {
    int begun = 0;
    std::vector<task<>> all;
    for (int i = 0; i < 100; ++i)
      all.push_back(counts(begun));
    bool failed = false;
    try {
      co_await gather(at_most(2), std::move(all));
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(begun, 4);
  };
  simulate(body());
  EXPECT_THROW(at_most(0), usage_error);
}

// Also behind a task that ends with a value although it is cancelled.
TEST_P(gather_forms_test, nothing_begins_after_a_failure) {
  auto fails = []() -> task<> {
    co_await yield();
    throw std::runtime_error("at once");
  };
  auto stubborn = []() -> task<> {
    try {
      co_await sleep_for(1h);
    } catch (const cancelled&) {
    }
  };
  auto begins = [](bool& begun) -> task<> {
    begun = true;
    co_return;
  };
  auto body = [&]() -> task<> {
    bool begun = false;
    std::vector<task<>> all;
    all.push_back(fails());
    all.push_back(stubborn());
    all.push_back(begins(begun));
    bool failed = false;
    try {
      co_await gather(at_most(2), std::move(all));
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    EXPECT_FALSE(begun);
  };
  simulate(body());
}

// ------------------------------------------------------------------------------------ retry

class flaky {
 public:
  explicit flaky(int failures) : failures_(failures) {}
  task<int> call() {
    times.push_back(elapsed());
    co_await yield();
    if (static_cast<int>(times.size()) <= failures_) throw std::runtime_error("not yet");
    co_return 5;
  }
  std::vector<clock::duration> times;

 private:
  const int failures_;
};

TEST_P(gather_forms_test, retries_with_growing_delays) {
  auto body = []() -> task<> {
    flaky service(3);
    const auto policy =
        retry_policy().attempts(4).first_delay(1s).factor(3).most_delay(5s).jitter(0);
    const int value = co_await retry(policy, [&service] { return service.call(); });
    EXPECT_EQ(value, 5);
    EXPECT_EQ(service.times, (std::vector<clock::duration>{0s, 1s, 4s, 9s}));
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(gather_forms_test, gives_up) {
  auto refuses = [](const std::exception&) { return false; };
  auto body = [&]() -> task<> {
    flaky service(100);
    int failures = 0;
    try {
      co_await retry(retry_policy().attempts(3).jitter(1), [&service] { return service.call(); });
    } catch (const std::runtime_error&) {
      ++failures;
    }
    EXPECT_EQ(service.times.size(), 3U);
    try {
      co_await retry(retry_policy().attempts(3), [&service] { return service.call(); }, refuses);
    } catch (const std::runtime_error&) {
      ++failures;
    }
    EXPECT_EQ(service.times.size(), 4U);
    EXPECT_EQ(failures, 2);
  };
  in_simulated_orders(GetParam(), body);
}

TEST(retry_policy_test, delays) {
  const auto policy = retry_policy().first_delay(100ms).factor(2).most_delay(1s).jitter(0.5);
  EXPECT_EQ(policy.delay_after(1, 0), 100ms);
  EXPECT_EQ(policy.delay_after(2, 0), 200ms);
  EXPECT_EQ(policy.delay_after(2, 0.5), 150ms);
  EXPECT_EQ(policy.delay_after(50, 0), 1s);
  EXPECT_EQ(policy.delay_after(100'000, 0), 1s);
  EXPECT_EQ(retry_policy().first_delay(0s).delay_after(100'000, 0), 0s);
  EXPECT_THROW(retry_policy().attempts(0), usage_error);
  EXPECT_THROW(retry_policy().first_delay(-1ns), usage_error);
  EXPECT_THROW(retry_policy().factor(0.5), usage_error);
  EXPECT_THROW(retry_policy().most_delay(-1ns), usage_error);
  EXPECT_THROW(retry_policy().jitter(1.5), usage_error);
}

TEST_P(gather_forms_test, at_every_moment) {
  auto victim = []() -> task<> {
    flaky service(2);
    co_await retry(retry_policy(), [&service] { return service.call(); });
    std::vector<task<int>> naps;
    for (int i = 0; i < 4; ++i)
      naps.push_back(nap(std::chrono::seconds(i), i));
    co_await gather(at_most(2), std::move(naps));
    co_await gather(return_exceptions, fail_after(1s), nap(2s, 1));
  };
  cancelled_at_every_moment(GetParam(), 9, victim);
}

}  // namespace gather_forms_test
}  // namespace magpie::testing
