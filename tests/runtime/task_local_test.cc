#include "magpie/runtime/task_local.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task_group.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace task_local_test {

using namespace std::chrono_literals;

class task_local_test : public over_workers {};
MAGPIE_OVER_WORKERS(task_local_test);

task_local<std::string> name("nobody");
task_local<int> number;

// An ordinary function, somewhere below a task.
std::string who() {
  return name.get();
}

TEST_P(task_local_test, each_task_has_its_own) {
  auto one = [](int i) -> task<> {
    const std::string own = "task " + std::to_string(i);
    name.set(own);
    for (int n = 0; n < 20; ++n) {
      co_await yield();  // And perhaps on another worker.
      EXPECT_EQ(who(), own);
    }
  };
  auto body = [&]() -> task<> {
    auto members = [&](task_group& group) -> task<> {
      for (int i = 0; i < 20; ++i)
        group.spawn(one(i)).detach();
      co_return;
    };
    co_await with_task_group(members);
    EXPECT_EQ(who(), "nobody");
  };
  in_many_orders(GetParam(), body);
}

TEST_P(task_local_test, is_inherited_as_it_is_when_the_task_is_spawned) {
  auto child = [](int expected) -> task<> {
    EXPECT_EQ(number.get(), expected);
    co_await yield();
    EXPECT_EQ(number.get(), expected);
    number.set(-1);
    EXPECT_EQ(number.get(), -1);
  };
  auto body = [&]() -> task<> {
    number.set(1);
    auto first = spawn(child(1));
    number.set(2);
    auto second = spawn(child(2));
    auto member = [&](task_group& group) -> task<> {
      group.spawn(child(2)).detach();
      co_return;
    };
    co_await with_task_group(member);
    co_await first;
    co_await second;
    EXPECT_EQ(number.get(), 2);
  };
  in_many_orders(GetParam(), body);
}

TEST_P(task_local_test, what_is_awaited_shares_it_with_its_caller) {
  auto sets = []() -> task<> {
    co_await yield();
    number.set(7);
  };
  auto body = [&]() -> task<> {
    co_await sets();
    EXPECT_EQ(number.get(), 7);
    number.set(0);
    co_await gather(sets(), sets(), sets());
    EXPECT_EQ(number.get(), 7);
  };
  in_many_orders(GetParam(), body);
}

TEST_P(task_local_test, a_binding_puts_back_what_was_there) {
  auto body = []() -> task<> {
    EXPECT_EQ(number.share(), nullptr);
    {
      const auto outer = number.bind(1);
      try {
        const auto inner = number.bind(2);
        co_await yield();
        EXPECT_EQ(number.get(), 2);
        throw std::runtime_error("as expected");
      } catch (const std::runtime_error&) {
        EXPECT_EQ(number.get(), 1);
      }
      const auto of_another = name.bind("somebody");
      EXPECT_EQ(number.get(), 1);
      EXPECT_EQ(who(), "somebody");
    }
    EXPECT_EQ(number.share(), nullptr);
    EXPECT_EQ(who(), "nobody");
  };
  in_many_orders(GetParam(), body);
}

TEST_P(task_local_test, plain_threads_and_their_tasks_have_none) {
  EXPECT_EQ(who(), "nobody");
  EXPECT_EQ(number.share(), nullptr);
  EXPECT_THROW(number.get(), usage_error);
  EXPECT_THROW(number.set(1), usage_error);
  auto body = []() -> task<> {
    EXPECT_THROW(number.get(), usage_error);
    name.set("a task");
    const std::string seen = co_await blocking([] { return who(); });
    EXPECT_EQ(seen, "nobody");
  };
  run(body(), options().workers(GetParam()));
}

task_local<std::shared_ptr<counted>> kept;

TEST_P(task_local_test, values_go_with_the_last_task_that_has_them) {
  auto child = []() -> task<> {
    co_await yield();
    EXPECT_EQ(counted::live(), 1);
  };
  auto holder = [&]() -> task<> {
    kept.set(std::make_shared<counted>());
    auto last = spawn(child());
    co_await last;
  };
  auto body = [&]() -> task<> {
    auto task = spawn(holder());
    co_await task;
    task.detach();
    while (counted::live() > 0)
      co_await yield();
  };
  run(body(), options().workers(GetParam()));
  EXPECT_EQ(counted::live(), 0);
}

// Asks for the name when it goes, as the end of a span that is logged would; and sets it.
struct span {
  std::string* said;
  explicit span(std::string* where) : said(where) {}
  span(span&& other) noexcept : said(std::exchange(other.said, nullptr)) {}
  ~span() {
    if (said == nullptr) return;
    *said = who();
    if (internal::current_worker() != nullptr) name.set("set by one that goes");
  }
};
task_local<span> current_span;

TEST_P(task_local_test, values_may_ask_for_others_when_they_go) {
  std::string said;
  auto one = [&]() -> task<> {
    name.set("a name that is too long to be kept in the string itself");
    current_span.set(span(&said));
    co_return;
  };
  auto body = [&]() -> task<> {
    spawn(one()).detach();
    co_return;
  };
  run(body(), options().workers(GetParam()));
  EXPECT_EQ(said, "nobody");  // The task is over.
}

}  // namespace task_local_test
}  // namespace magpie::testing
