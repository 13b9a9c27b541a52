// Failures and cancellations that get lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/magpie.h"
#include "magpie/runtime/internal/reporting.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/pitfalls/said.h"

namespace {

using namespace magpie::testing;
using namespace std::chrono_literals;

using lines = std::vector<std::string>;

// ---------------------------------------------------------------------------------- no one catches

magpie::task<> send_mail(std::string to) {
  co_await magpie::sleep_for(1s);
  if (to.find('@') == std::string::npos) throw std::invalid_argument("no address: " + to);
}

namespace wrong {

// [unasked_wrong]
magpie::task<> take_order(std::string customer) {
  magpie::join_handle<> mail = magpie::spawn(send_mail(customer), "mail");
  co_await magpie::sleep_for(1h);  // Cook.
}
// [unasked_wrong end]

}  // namespace wrong

namespace right {

// [unasked_right]
magpie::task<> take_order(std::string customer, lines& log) {
  magpie::join_handle<> mail = magpie::spawn(send_mail(customer), "mail");
  co_await magpie::sleep_for(1h);  // Cook.
  try {
    co_await mail;
  } catch (const std::exception& error) {
    log.push_back(error.what());
  }
}
// [unasked_right end]

}  // namespace right

TEST(lost_failure_test, the_wrong_one_is_reported) {
  const std::string said = standard_error_of([] { simulate(wrong::take_order("Ada")); });
  EXPECT_TRUE(is_quoted(said, "unretrieved"));
}

TEST(lost_failure_test, the_right_one_handles_it) {
  lines log;
  EXPECT_TRUE(is_right([&] { return right::take_order("Ada", log); }));
  EXPECT_EQ(log, lines(3, "no address: Ada"));
}

// ------------------------------------------------------------------------- one failure ends them
// all

magpie::task<int> price_at(std::string shop) {
  co_await magpie::sleep_for(1s);
  if (shop == "closed") throw std::runtime_error("the shop is closed");
  co_return static_cast<int>(shop.size());
}

std::vector<magpie::task<int>> three_prices() {
  std::vector<magpie::task<int>> asked;
  for (const char* shop : {"market", "closed", "baker"})
    asked.push_back(price_at(shop));
  return asked;
}

namespace wrong {

// [gather_wrong]
magpie::task<int> best_price() {
  const std::vector<int> prices = co_await magpie::gather(three_prices());
  co_return *std::min_element(prices.begin(), prices.end());
}
// [gather_wrong end]

}  // namespace wrong

namespace right {

// [gather_right]
magpie::task<int> best_price() {
  int best = std::numeric_limits<int>::max();
  const auto prices = co_await magpie::gather(magpie::return_exceptions, three_prices());
  for (const magpie::outcome<int>& each : prices) {
    if (each.has_value()) best = std::min(best, each.value());
  }
  co_return best;
}
// [gather_right end]

// [retry_right]
magpie::task<int> price_in_the_end(std::function<magpie::task<int>()> ask) {
  const auto policy = magpie::retry_policy().attempts(3).first_delay(1s);
  co_return co_await magpie::retry(policy, std::move(ask));
}
// [retry_right end]

}  // namespace right

TEST(gather_failure_test, the_wrong_one_throws_and_has_no_price) {
  auto body = []() -> magpie::task<> { static_cast<void>(co_await wrong::best_price()); };
  const auto problems = problems_of([&] { return body(); });
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(is_quoted(problems[0], "gather_failure"));
}

TEST(gather_failure_test, the_right_one_keeps_the_others) {
  auto body = []() -> magpie::task<> {
    const int best = co_await right::best_price();
    EXPECT_EQ(best, 5);
  };
  EXPECT_TRUE(is_right(body));
}

TEST(gather_failure_test, the_other_right_one_asks_again) {
  auto body = []() -> magpie::task<> {
    int asked = 0;
    auto ask = [&asked]() -> magpie::task<int> {
      return price_at(++asked < 3 ? "closed" : "open");
    };
    const int price = co_await right::price_in_the_end(ask);
    EXPECT_EQ(price, 4);
    EXPECT_EQ(asked, 3);
  };
  EXPECT_TRUE(is_right(body));
}

// ------------------------------------------------------------------------- `cancelled` is
// swallowed

void look(int /*at*/) {}

namespace wrong {

// [swallow_wrong]
magpie::task<> watch_oven(std::atomic<bool>& open, int oven) {
  while (open) {
    try {
      co_await magpie::sleep_for(1min);
      look(oven);
    } catch (...) {  // Takes `cancelled` too, and waits again, which throws at once.
    }
  }
}
// [swallow_wrong end]

}  // namespace wrong

namespace right {

// [swallow_right]
magpie::task<> watch_oven(std::atomic<bool>& open, int oven) {
  while (open) {
    try {
      co_await magpie::sleep_for(1min);
      look(oven);
    } catch (const std::exception&) {  // `cancelled` is none.
    }
  }
}
// [swallow_right end]

}  // namespace right

magpie::task<> cancel_and_wait(magpie::task<> watch) {
  auto handle = magpie::spawn(std::move(watch), "oven");
  co_await magpie::yield();
  handle.cancel();
  try {
    co_await handle;
  } catch (const magpie::cancelled&) {
  }
}

// It would go on for ever, if the report did not end it.
TEST(swallowed_cancellation_test, the_wrong_one_is_named_while_it_spins) {
  std::atomic<bool> open{true};
  std::mutex mutex;
  std::string said;
  const auto hook = [&](const magpie::report& each) {
    const std::lock_guard lock(mutex);
    if (each.task_name != "oven") return;  // The machine was busy.
    said = magpie::internal::describe(each);
    open = false;
  };
  magpie::run(cancel_and_wait(wrong::watch_oven(open, 1)),
              magpie::options().workers(1).report_long_turns(1ms).on_report(hook));
  EXPECT_TRUE(is_quoted(said, "swallowed"));
}

TEST(swallowed_cancellation_test, the_right_one_ends) {
  std::atomic<bool> open{true};
  EXPECT_TRUE(is_right([&] { return cancel_and_wait(right::watch_oven(open, 1)); }));
}

// --------------------------------------------------------------------- cancelling is not the end

class logbook {
 public:
  void write() {
    if (closed_) throw std::logic_error("the book is closed");
    ++entries_;
  }
  void close() { closed_ = true; }
  int entries() const { return entries_; }

 private:
  bool closed_ = false;
  int entries_ = 0;
};

magpie::task<> keep(logbook& book) {
  try {
    co_await magpie::sleep_for(24h);
  } catch (const magpie::cancelled&) {
    book.write();  // The last line.
    throw;
  }
}

namespace wrong {

// [cancel_wrong]
magpie::task<> close_shop(logbook& book) {
  magpie::join_handle<> keeper = magpie::spawn(keep(book), "keeper");
  co_await magpie::sleep_for(8h);
  keeper.cancel();
  book.close();
}
// [cancel_wrong end]

}  // namespace wrong

namespace right {

// [cancel_right]
magpie::task<> close_shop(logbook& book) {
  magpie::join_handle<> keeper = magpie::spawn(keep(book), "keeper");
  co_await magpie::sleep_for(8h);
  keeper.cancel();
  try {
    co_await keeper;
  } catch (const magpie::cancelled&) {
    if (keeper.valid()) throw;  // It was this task that was cancelled.
  }
  book.close();
}
// [cancel_right end]

// [move_on_right]
magpie::task<> close_shop_in_time(logbook& book) {
  co_await magpie::move_on_after(8h, keep(book));  // Returns when keep() has ended.
  book.close();
}
// [move_on_right end]

}  // namespace right

TEST(cancel_without_waiting_test, the_wrong_one_is_reported) {
  logbook book;
  const std::string said = standard_error_of([&] { simulate(wrong::close_shop(book)); });
  EXPECT_TRUE(is_quoted(said, "not_waited_for"));
  EXPECT_EQ(book.entries(), 0);
}

TEST(cancel_without_waiting_test, the_right_ones_are_not) {
  for (auto* close : {right::close_shop, right::close_shop_in_time}) {
    auto body = [close]() -> magpie::task<> {
      logbook book;
      co_await close(book);
      EXPECT_EQ(book.entries(), 1);
    };
    EXPECT_TRUE(is_right(body));
  }
}

}  // namespace
