// The end of a runtime whose cpu() functions have no thread. oneTBB's threads are those of the
// whole process, so this is a program of its own.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "magpie/runtime/cpu.h"
#include "magpie/runtime/run.h"

namespace magpie::testing {
namespace {

// The only thread of oneTBB that the first runtime could have is busy with the shutdown of just
// that runtime.
TEST(cpu_shutdown_test, does_not_wait_for_what_never_began) {
  auto first = std::make_unique<runtime>(options().workers(1).cpu_threads(1));
  runtime second(options().workers(1).cpu_threads(1));
  std::atomic<bool> ran{false};
  auto quick = [&ran]() -> task<> { co_await cpu([&ran] { ran = true; }); };
  auto ends_it = [&]() -> task<> {
    co_await cpu([&] {
      const auto never = first->spawn(quick());
      first.reset();
    });
  };
  second.run(ends_it());
  EXPECT_EQ(first, nullptr);
}

}  // namespace
}  // namespace magpie::testing
