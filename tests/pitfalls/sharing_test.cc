// What tasks share: variables of threads, variables without a lock, locks.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/magpie.h"
#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/internal/worker.h"
#include "magpie/runtime/testing/gtest.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/pitfalls/said.h"

namespace {

using namespace magpie::testing;
using namespace std::chrono_literals;

using lines = std::vector<std::string>;

// --------------------------------------------------------------------- thread_local across
// co_await

magpie::task<> load_page() {
  co_await magpie::sleep_for(1s);
}

namespace wrong {

// [local_wrong]
thread_local std::string user;

magpie::task<> serve(std::string who, lines& log) {
  user = who;
  co_await load_page();
  log.push_back("a page for " + user);  // Of another thread, or what another task has set.
}
// [local_wrong end]

}  // namespace wrong

namespace right {

// [local_right]
magpie::task_local<std::string> user("nobody");

magpie::task<> serve(std::string who, lines& log) {
  user.set(who);
  co_await load_page();
  log.push_back("a page for " + user.get());
}
// [local_right end]

}  // namespace right

using serving = magpie::task<>(std::string, lines&);

magpie::task<lines> pages(serving* serve) {
  lines log;
  auto ada = magpie::spawn(serve("Ada", log), "Ada");
  auto ben = magpie::spawn(serve("Ben", log), "Ben");
  co_await ada;
  co_await ben;
  co_return log;
}

TEST(thread_local_test, the_wrong_one_serves_ada_with_bens_page) {
  // [local_seen]
  const lines served = simulate(pages(wrong::serve));
  EXPECT_EQ(served, (lines{"a page for Ben", "a page for Ben"}));
  // [local_seen end]
}

TEST(thread_local_test, the_right_one_does_not) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const lines served = simulate(pages(right::serve), simulation_options().workers(2).seed(seed));
    EXPECT_EQ(std::set<std::string>(served.begin(), served.end()),
              (std::set<std::string>{"a page for Ada", "a page for Ben"}));
  }
}

// So with two threads it may be the variable of another one.
TEST(thread_local_test, a_task_goes_on_on_another_worker) {
  std::set<std::size_t> workers;
  auto wanders = [&]() -> magpie::task<> {
    workers.insert(magpie::internal::current_worker()->index());
    co_await magpie::yield();
    workers.insert(magpie::internal::current_worker()->index());
  };
  auto body = [&]() -> magpie::task<> {
    while (workers.size() < 2)
      co_await wanders();
  };
  simulate(body(), simulation_options().workers(2).seed(1));
  EXPECT_EQ(workers, (std::set<std::size_t>{0, 1}));
}

// ------------------------------------------------------------------------- looked at, then changed

struct shelf {
  magpie::mutex mutex;
  int loaves = 1;
  void take() {
    if (loaves == 0) throw std::logic_error("no bread left to take");
    --loaves;
  }
};

magpie::task<> pay() {
  co_await magpie::yield();
}

namespace wrong {

// [shared_wrong]
magpie::task<> buy_bread(shelf& from) {
  if (from.loaves == 0) co_return;
  co_await pay();  // Meanwhile, somebody else takes it.
  from.take();
}
// [shared_wrong end]

}  // namespace wrong

namespace right {

// [shared_right]
magpie::task<> buy_bread(shelf& from) {
  const auto mine = co_await from.mutex.lock();
  if (from.loaves == 0) co_return;
  co_await pay();
  from.take();
}
// [shared_right end]

}  // namespace right

using buying = magpie::task<>(shelf&);

// The second comes a little later, when the first may have paid.
magpie::task<> two_customers(buying* buy) {
  shelf bakery;
  auto second = [&]() -> magpie::task<> {
    co_await magpie::yield();
    co_await magpie::yield();
    co_await buy(bakery);
  };
  co_await magpie::gather(buy(bakery), second());
}

// What GoogleTest is told of the orders of the scene.
template <class Scene>
std::string failures_in(Scene scene) {
  ::testing::TestPartResultArray told;
  {
    const ::testing::ScopedFakeTestPartResultReporter here(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &told);
    scene();
  }
  std::string all;
  for (int i = 0; i < told.size(); ++i)
    all += told.GetTestPartResult(i).message();
  return all;
}

void sell_in_every_order(buying* buy) {
  // [shared_seen]
  for_each_schedule(200, simulation_options().workers(2), [buy] { return two_customers(buy); });
  // [shared_seen end]
}

TEST(shared_state_test, with_one_worker_and_in_turn_the_wrong_one_passes) {
  EXPECT_TRUE(problems_of([&] { return two_customers(wrong::buy_bread); }).empty());
}

TEST(shared_state_test, the_wrong_one_fails_in_some_order) {
  const std::string said = failures_in([] { sell_in_every_order(wrong::buy_bread); });
  EXPECT_TRUE(is_quoted(said, "shared_state"));
}

TEST(shared_state_test, the_right_one_fails_in_none) {
  sell_in_every_order(right::buy_bread);
}

// ------------------------------------------------------------------------- changed by two threads

namespace wrong {

// [race_wrong]
magpie::task<> sell(int& sold) {
  ++sold;  // No co_await, but there is another worker.
  co_return;
}
// [race_wrong end]

}  // namespace wrong

namespace right {

// [race_right]
magpie::task<> sell(std::atomic<int>& sold) {
  ++sold;
  co_return;
}
// [race_right end]

}  // namespace right

// Two tasks that sell when both run, and so on two workers. Nothing orders what they do: relaxed
// operations order nothing else, nor does what magpie does between them. In time, though, one sells
// after the other, since ThreadSanitizer can miss two accesses of the same moment: each looks for
// the other before either is noted. And it remembers four accesses of eight bytes: each variable
// has its own.
template <class Counter>
int two_sell(magpie::task<> (*sell)(Counter&)) {
  alignas(8) Counter sold(0);
  alignas(8) std::atomic<int> begun{0};
  alignas(8) std::atomic<bool> first_has_sold{false};
  const auto wait_until = [](auto condition) {
    while (!condition()) {
    }
  };
  auto seller = [&]() -> magpie::task<> {
    const bool first = begun.fetch_add(1, std::memory_order_relaxed) == 0;
    if (first)
      wait_until([&] { return begun.load(std::memory_order_relaxed) == 2; });
    else
      wait_until([&] { return first_has_sold.load(std::memory_order_relaxed); });
    co_await sell(sold);
    if (first) first_has_sold.store(true, std::memory_order_relaxed);
  };
  auto body = [&]() -> magpie::task<> { co_await magpie::gather(seller(), seller()); };
  magpie::run(body(), magpie::options().workers(2));
  return sold;
}

TEST(data_race_test, the_right_one_is_none) {
  EXPECT_EQ(two_sell(right::sell), 2);
}

TEST(data_race_death_test, thread_sanitizer_sees_the_wrong_one) {
#if !defined(MAGPIE_TSAN)
  GTEST_SKIP() << "needs ThreadSanitizer";
#endif
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto sell_and_exit = [] {
    two_sell(wrong::sell);
    std::exit(0);
  };
  EXPECT_EXIT(sell_and_exit(), ::testing::ExitedWithCode(66), "ThreadSanitizer: data race");
}

// ----------------------------------------------------------------------------------- order of
// locks

struct account {
  int number = 0;
  int balance = 0;
  magpie::mutex mutex;
};

magpie::task<> ask_bank() {
  co_await magpie::sleep_for(1s);
}

namespace wrong {

// [order_wrong]
magpie::task<> transfer(account& from, account& to, int amount) {
  const auto first = co_await from.mutex.lock();
  co_await ask_bank();
  const auto second = co_await to.mutex.lock();
  from.balance -= amount;
  to.balance += amount;
}
// [order_wrong end]

}  // namespace wrong

namespace right {

// [order_right]
magpie::task<> transfer(account& from, account& to, int amount) {
  account& lower = from.number < to.number ? from : to;
  account& higher = from.number < to.number ? to : from;
  const auto first = co_await lower.mutex.lock();
  co_await ask_bank();
  const auto second = co_await higher.mutex.lock();
  from.balance -= amount;
  to.balance += amount;
}
// [order_right end]

}  // namespace right

using transferring = magpie::task<>(account&, account&, int);

magpie::task<> there_and_back(transferring* transfer) {
  account ada;
  account ben;
  ben.number = 1;
  co_await magpie::gather(transfer(ada, ben, 5), transfer(ben, ada, 3));
  EXPECT_EQ(ada.balance, -2);
  EXPECT_EQ(ben.balance, 2);
}

TEST(lock_order_test, the_wrong_one_is_a_deadlock) {
  const auto problems = problems_of([&] { return there_and_back(wrong::transfer); });
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(is_quoted(problems[0], "deadlock"));
}

TEST(lock_order_test, the_right_one_is_none) {
  EXPECT_TRUE(is_right([] { return there_and_back(right::transfer); }));
  for_each_schedule(200, simulation_options().workers(2),
                    [] { return there_and_back(right::transfer); });
}

// ------------------------------------------------------------------- a lock across something slow

struct catalogue {
  magpie::mutex mutex;
  std::vector<int> prices;
};

magpie::task<int> fetch_price(int item) {
  co_await magpie::sleep_for(1s);
  co_return item;
}

namespace wrong {

// [slow_wrong]
magpie::task<> add_price(catalogue& all, int item) {
  const auto mine = co_await all.mutex.lock();
  const int price = co_await fetch_price(item);
  all.prices.push_back(price);
}
// [slow_wrong end]

}  // namespace wrong

namespace right {

// [slow_right]
magpie::task<> add_price(catalogue& all, int item) {
  const int price = co_await fetch_price(item);
  const auto mine = co_await all.mutex.lock();
  all.prices.push_back(price);
}
// [slow_right end]

}  // namespace right

using adding = magpie::task<>(catalogue&, int);

// The virtual time that ten of them take.
magpie::clock::duration time_of_ten(adding* add) {
  auto body = [add]() -> magpie::task<magpie::clock::duration> {
    catalogue all;
    // [slow_seen]
    const auto start = magpie::clock::now();
    std::vector<magpie::task<>> ten;
    for (int item = 0; item < 10; ++item)
      ten.push_back(add(all, item));
    co_await magpie::gather(std::move(ten));
    const auto took = magpie::clock::now() - start;
    // [slow_seen end]
    EXPECT_EQ(all.prices.size(), 10U);
    co_return took;
  };
  return simulate(body(), simulation_options().workers(2));
}

TEST(slow_lock_test, the_wrong_one_takes_one_after_the_other) {
  EXPECT_EQ(time_of_ten(wrong::add_price), 10s);
}

TEST(slow_lock_test, the_right_one_takes_all_at_once) {
  EXPECT_EQ(time_of_ten(right::add_price), 1s);
}

}  // namespace
