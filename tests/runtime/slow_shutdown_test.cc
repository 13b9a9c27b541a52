// What is said about tasks that keep the shutdown waiting.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <source_location>
#include <string>
#include <thread>
#include <vector>

#include "magpie/runtime/blocking.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace slow_shutdown_test {

using namespace std::chrono_literals;

// A shutdown that is reported at once, and what is then said.
class slow_shutdown_test : public over_workers {
 protected:
  // Shuts down a runtime in which `stuck(*this)` runs and has called hold().
  template <class Stuck>
  report reported(Stuck stuck) {
    {
      runtime shared(
          options().workers(GetParam()).shutdown_timeout(1ms).on_report([this](const report& what) {
            tell(what);
          }));
      shared.spawn(stuck(*this), "stuck").detach();
      while (!held_)
        std::this_thread::yield();
    }
    EXPECT_EQ(told_.size(), 1U);
    return told_.at(0);
  }

 public:
  // Keeps its thread until the report has been made.
  void hold() {
    held_ = true;
    while (!released_)
      std::this_thread::yield();
  }

 private:
  void tell(const report& what) {
    const std::lock_guard lock(mutex_);
    told_.push_back(what);
    released_ = true;
  }

  std::atomic<bool> held_{false};
  std::atomic<bool> released_{false};
  std::mutex mutex_;
  std::vector<report> told_;  // Under mutex_ while the runtime runs.
};
MAGPIE_OVER_WORKERS(slow_shutdown_test);

bool says(const report& what, const std::string& text) {
  return what.message.find(text) != std::string::npos;
}

TEST_P(slow_shutdown_test, names_a_task_that_computes) {
  const report told = reported([](slow_shutdown_test& test) -> task<> {
    test.hold();
    co_return;
  });
  EXPECT_EQ(told.what, report::kind::slow_shutdown);
  EXPECT_EQ(told.task_name, "stuck");
  EXPECT_TRUE(std::string(told.spawned_at.file_name()).ends_with("slow_shutdown_test.cc"));
  EXPECT_TRUE(says(told, "it runs")) << told.message;
}

TEST_P(slow_shutdown_test, names_the_line_of_a_call_that_cannot_be_cancelled) {
  unsigned line = 0;
  const report told = reported([&line](slow_shutdown_test& test) -> task<> {
    line = std::source_location::current().line() + 1;
    co_await blocking([&test] { test.hold(); });
  });
  const std::string place = "slow_shutdown_test.cc:" + std::to_string(line);
  EXPECT_TRUE(says(told, "it waits at ") && says(told, place)) << told.message << ", " << place;
}

TEST_P(slow_shutdown_test, finds_that_line_in_a_child) {
  unsigned line = 0;
  const report told = reported([&line](slow_shutdown_test& test) -> task<> {
    auto idle = []() -> task<> { co_return; };
    auto child = [](slow_shutdown_test& of, unsigned& at) -> task<> {
      at = std::source_location::current().line() + 1;
      co_await blocking([&of] { of.hold(); });
    };
    co_await gather(idle(), child(test, line));
  });
  const std::string place = "slow_shutdown_test.cc:" + std::to_string(line);
  EXPECT_TRUE(says(told, place)) << told.message << ", " << place;
}

}  // namespace slow_shutdown_test
}  // namespace magpie::testing
