// Tasks without a bound, without a home, and tests that hope.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/magpie.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/pitfalls/said.h"

namespace {

using namespace magpie::testing;
using namespace std::chrono_literals;

// ---------------------------------------------------------------------------------- unbounded
// spawn

// A server that refuses more than ten connections at once.
class server {
 public:
  magpie::task<> get(int /*page*/) {
    if (++connections_ > 10) throw std::runtime_error("too many connections");
    co_await magpie::sleep_for(1s);
    --connections_;
    ++served_;
  }
  int served() const { return served_; }

 private:
  int connections_ = 0;
  int served_ = 0;
};

namespace wrong {

// [unbounded_wrong]
magpie::task<> get_all(server& from) {
  std::vector<magpie::task<>> pages;
  for (int page = 0; page < 1000; ++page)
    pages.push_back(from.get(page));
  co_await magpie::gather(std::move(pages));
}
// [unbounded_wrong end]

}  // namespace wrong

namespace right {

// [at_most_right]
magpie::task<> get_all(server& from) {
  std::vector<magpie::task<>> pages;
  for (int page = 0; page < 1000; ++page)
    pages.push_back(from.get(page));
  co_await magpie::gather(magpie::at_most(10), std::move(pages));
}
// [at_most_right end]

// [semaphore_right]
magpie::task<> get_one(server& from, int page, magpie::semaphore_permit /*held*/) {
  co_await from.get(page);
}

magpie::task<> get_all_as_they_come(server& from) {
  magpie::semaphore connections(10);
  co_await magpie::with_task_group([&](magpie::task_group& group) -> magpie::task<> {
    for (int page = 0; page < 1000; ++page) {
      auto permit = co_await connections.acquire();  // Waits here, before there is a task.
      group.spawn(get_one(from, page, std::move(permit))).detach();
    }
  });
}
// [semaphore_right end]

}  // namespace right

TEST(unbounded_spawn_test, the_wrong_one_is_refused) {
  server busy;
  const auto problems = problems_of([&] { return wrong::get_all(busy); });
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(is_quoted(problems[0], "unbounded"));
}

TEST(unbounded_spawn_test, the_right_ones_are_served) {
  for (auto* get_all : {right::get_all, right::get_all_as_they_come}) {
    auto body = [get_all]() -> magpie::task<> {
      server busy;
      co_await get_all(busy);
      EXPECT_EQ(busy.served(), 1000);
    };
    EXPECT_TRUE(is_right(body));
  }
}

// ------------------------------------------------------------------------------- nobody waits for
// it

magpie::task<> send_mail(std::vector<std::string>& sent, std::string to) {
  co_await magpie::sleep_for(1s);
  sent.push_back(std::move(to));
}

using mails = std::vector<std::string>;

namespace wrong {

// [forget_wrong]
magpie::task<> take_order(mails& sent, std::string customer) {
  magpie::spawn(send_mail(sent, customer), "mail").detach();
  co_return;
}
// [forget_wrong end]

}  // namespace wrong

namespace right {

// [forget_right]
magpie::task<> take_order(mails& sent, std::string customer, magpie::task_group& shop) {
  shop.spawn(send_mail(sent, customer), "mail").detach();
  co_return;
}

magpie::task<> open_shop(mails& sent) {
  co_await magpie::with_task_group([&](magpie::task_group& shop) -> magpie::task<> {
    co_await take_order(sent, "Ada", shop);
  });  // All mails have been sent.
}
// [forget_right end]

}  // namespace right

TEST(fire_and_forget_test, the_wrong_one_never_sends) {
  mails sent;
  simulate(wrong::take_order(sent, "Ada"));
  EXPECT_TRUE(sent.empty());
}

TEST(fire_and_forget_test, the_wrong_one_fails_its_test) {
  mails sent;
  const auto problems = problems_of([&] { return wrong::take_order(sent, "Ada"); });
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(is_quoted(problems[0], "forgotten_task"));
}

TEST(fire_and_forget_test, the_right_one_sends) {
  mails sent;
  EXPECT_TRUE(is_right([&] { return right::open_shop(sent); }));
  EXPECT_EQ(sent, mails(3, "Ada"));
}

// ------------------------------------------------------------------------- sleeping until it is
// done

class oven {
 public:
  explicit oven(magpie::clock::duration slowness) : slowness_(slowness) {}

  magpie::task<> heat() {
    co_await magpie::sleep_for(slowness_);
    hot_.set();
  }
  magpie::event& hot() { return hot_; }
  void bake() const {
    if (!hot_.is_set()) throw std::logic_error("the oven is cold");
  }

 private:
  magpie::clock::duration slowness_;
  magpie::event hot_;
};

namespace wrong {

// [hope_wrong]
magpie::task<> bakes(oven& any) {
  magpie::join_handle<> heating = magpie::spawn(any.heat(), "heating");
  co_await magpie::sleep_for(100ms);  // It should be hot by then.
  any.bake();
  co_await heating;
}
// [hope_wrong end]

}  // namespace wrong

namespace right {

// [hope_right]
magpie::task<> bakes(oven& any) {
  magpie::join_handle<> heating = magpie::spawn(any.heat(), "heating");
  co_await any.hot().wait();
  any.bake();
  co_await heating;
}
// [hope_right end]

}  // namespace right

TEST(hope_test, the_wrong_one_passes_until_the_oven_is_slow) {
  oven fast(99ms);
  EXPECT_TRUE(problems_of([&] { return wrong::bakes(fast); }).empty());
  oven slow(101ms);
  const auto problems = problems_of([&] { return wrong::bakes(slow); });
  ASSERT_FALSE(problems.empty());
  EXPECT_TRUE(is_quoted(problems[0], "cold"));
}

TEST(hope_test, the_right_one_waits) {
  auto body = []() -> magpie::task<> {
    oven slow(24h);
    co_await right::bakes(slow);
  };
  EXPECT_TRUE(is_right(body));
}

}  // namespace
