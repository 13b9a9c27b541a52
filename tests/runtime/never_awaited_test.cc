// A task that is dropped before it has run is reported, once, with the place where it was made.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task_group.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/runtime/timeout.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace never_awaited_test {

using namespace std::chrono_literals;

class never_awaited_test : public runtime_test {
 protected:
  // What is reported while `body` runs.
  std::vector<report> reports_of(task<> body) {
    std::vector<report> said;
    const auto hook = [&said](const report& r) { said.push_back(r); };
    simulate(std::move(body), simulation_options().on_report(hook));
    return said;
  }
};

constexpr std::uint32_t line_of_nothing = __LINE__ + 1;
task<> nothing() {
  co_return;
}

TEST_F(never_awaited_test, is_reported_with_where_it_was_made) {
  auto body = []() -> task<> {
    const task<> forgotten = nothing();
    co_return;
  };
  const auto said = reports_of(body());
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].what, report::kind::never_awaited);
  // clang names the line where the coroutine begins, g++ the one where it ends.
  EXPECT_GE(said[0].spawned_at.line(), line_of_nothing);
  EXPECT_LE(said[0].spawned_at.line(), line_of_nothing + 2);
  EXPECT_EQ(said[0].task_id, 0U);
  EXPECT_NE(said[0].message.find("never awaited"), std::string::npos);
}

TEST_F(never_awaited_test, also_inside_what_was_not_awaited_itself) {
  auto body = []() -> task<> {
    {
      auto pair = gather(nothing(), nothing());
      auto limited = with_timeout(1s, nothing());
    }
    task<> replaced = nothing();
    replaced = nothing();
    co_await std::move(replaced);
  };
  EXPECT_EQ(reports_of(body()).size(), 4U);
}

TEST_F(never_awaited_test, what_is_used_or_discarded_is_not) {
  auto fails = []() -> task<> {
    co_await sleep_for(1s);
    throw std::runtime_error("failed");
  };
  auto body = [&]() -> task<> {
    task<> unwanted = nothing();
    unwanted.discard();
    EXPECT_FALSE(unwanted.valid());
    auto with_another_inside = outcome_of(nothing());
    with_another_inside.discard();
    task<> moved = nothing();
    task<> owner = std::move(moved);
    co_await std::move(owner);
    auto handle = spawn(nothing());
    co_await handle;
    co_await gather(nothing(), nothing());
    co_await with_task_group([](task_group& group) -> task<> {
      group.spawn(nothing()).detach();
      co_return;
    });
    // Those that a failure keeps from beginning.
    std::vector<task<>> many;
    for (int i = 0; i < 5; ++i)
      many.push_back(fails());
    bool failed = false;
    try {
      co_await gather(at_most(2), std::move(many));
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    // Dropped by an exception.
    try {
      const task<> dropped = nothing();
      throw std::runtime_error("before it was awaited");
    } catch (const std::runtime_error&) {
    }
  };
  EXPECT_TRUE(reports_of(body()).empty());
}

// On a thread that is no worker there is no hook to tell.
TEST_F(never_awaited_test, outside_a_runtime_it_goes_to_standard_error) {
  ::testing::internal::CaptureStderr();
  {
    const task<> forgotten = nothing();
  }
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(said.find("magpie: a task, made at "), 0U) << said;
  EXPECT_NE(said.find("never_awaited_test.cc:"), std::string::npos) << said;
}

}  // namespace never_awaited_test
}  // namespace magpie::testing
