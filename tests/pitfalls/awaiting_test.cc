// Tasks that never run, and run() where a task runs already.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "magpie/magpie.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/pitfalls/said.h"

namespace {

using namespace magpie::testing;

using ledger = std::vector<std::string>;

// --------------------------------------------------------------------------------- forgotten await

magpie::task<> save(ledger& orders, std::string order) {
  orders.push_back(std::move(order));
  co_return;
}

namespace wrong {

// [forgotten_wrong]
magpie::task<> check_out(ledger& orders) {
  auto saved = save(orders, "soup");
  co_return;
}
// [forgotten_wrong end]

}  // namespace wrong

namespace right {

// [forgotten_right]
magpie::task<> check_out(ledger& orders) {
  co_await save(orders, "soup");
}
// [forgotten_right end]

}  // namespace right

TEST(forgotten_await_test, the_wrong_one_is_reported) {
  ledger orders;
  const std::string said = standard_error_of([&] { simulate(wrong::check_out(orders)); });
  EXPECT_TRUE(is_quoted(said, "never_awaited"));
  EXPECT_TRUE(orders.empty());
}

TEST(forgotten_await_test, the_wrong_one_fails_its_test) {
  ledger orders;
  const auto problems = problems_of([&] { return wrong::check_out(orders); });
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(is_quoted(problems[0], "never_awaited_in_a_test"));
}

TEST(forgotten_await_test, the_right_one_saves) {
  ledger orders;
  EXPECT_TRUE(is_right([&] { return right::check_out(orders); }));
  EXPECT_EQ(orders, (ledger{"soup", "soup", "soup"}));
}

// --------------------------------------------------------------------------------- forgotten run()

namespace wrong {

// [no_run_wrong]
int sell(ledger& orders) {
  auto program = save(orders, "bread");
  return 0;
}
// [no_run_wrong end]

}  // namespace wrong

namespace right {

// [no_run_right]
int sell(ledger& orders) {
  magpie::run(save(orders, "bread"));
  return 0;
}
// [no_run_right end]

}  // namespace right

TEST(forgotten_run_test, the_wrong_one_is_reported) {
  ledger orders;
  EXPECT_TRUE(is_quoted(standard_error_of([&] { wrong::sell(orders); }), "never_awaited"));
  EXPECT_TRUE(orders.empty());
}

TEST(forgotten_run_test, the_right_one_runs) {
  ledger orders;
  EXPECT_EQ(standard_error_of([&] { right::sell(orders); }), "");
  EXPECT_EQ(orders, ledger{"bread"});
}

// -------------------------------------------------------------------------------------- nested run

magpie::task<int> price(std::string dish) {
  co_await magpie::yield();
  co_return static_cast<int>(dish.size());
}

namespace wrong {

// [nested_wrong]
magpie::task<int> total() {
  const int soup = magpie::run(price("soup"));
  const int bread = magpie::run(price("bread"));
  co_return soup + bread;
}
// [nested_wrong end]

// [get_wrong]
magpie::task<int> total_of_two() {
  magpie::join_handle<int> soup = magpie::spawn(price("soup"), "soup");
  const int bread = co_await price("bread");
  co_return bread + soup.get();
}
// [get_wrong end]

}  // namespace wrong

namespace right {

// [nested_right]
magpie::task<int> total() {
  const int soup = co_await price("soup");
  const int bread = co_await price("bread");
  co_return soup + bread;
}
// [nested_right end]

// [get_right]
magpie::task<int> total_of_two() {
  magpie::join_handle<int> soup = magpie::spawn(price("soup"), "soup");
  const int bread = co_await price("bread");
  co_return bread + co_await soup;
}
// [get_right end]

}  // namespace right

// On one worker: on more, what a program waits for wrongly may have ended by then, and it is let
// through.
std::string refusal_of(magpie::task<int> main) {
  try {
    magpie::run(std::move(main), magpie::options().workers(1));
  } catch (const magpie::usage_error& error) {
    return error.what();
  }
  return "not refused";
}

TEST(nested_run_test, the_wrong_ones_are_refused) {
  EXPECT_TRUE(is_quoted(refusal_of(wrong::total()), "nested_run"));
  EXPECT_TRUE(is_quoted(refusal_of(wrong::total_of_two()), "nested_get"));
}

TEST(nested_run_test, the_right_ones_are_not) {
  for (const std::size_t workers : {1U, 2U, 8U}) {
    EXPECT_EQ(magpie::run(right::total(), magpie::options().workers(workers)), 9);
    EXPECT_EQ(magpie::run(right::total_of_two(), magpie::options().workers(workers)), 9);
  }
}

}  // namespace
