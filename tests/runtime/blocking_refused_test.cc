// blocking() when the system gives no thread, or no memory for one. The sanitizers need all the
// address space, and have an operator new of their own.
#include "magpie/runtime/blocking.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <future>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "magpie/runtime/run.h"
#include "magpie/tests/runtime/allocations.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/little_address_space.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;

class blocking_refused_test : public runtime_test {};

// Takes every thread that the system gives.
class all_threads {
 public:
  all_threads() {
    taken_.reserve(1000);
    const std::shared_future<void> released(release_.get_future());
    try {
      for (;;)
        taken_.emplace_back([released] { released.wait(); });
    } catch (const std::system_error&) {
    }
  }
  all_threads(const all_threads&) = delete;
  all_threads& operator=(const all_threads&) = delete;
  ~all_threads() {
    release_.set_value();
    for (std::thread& each : taken_)
      each.join();
  }

 private:
  const little_address_space little_;
  std::promise<void> release_;
  std::vector<std::thread> taken_;
};

TEST_F(blocking_refused_test, a_refused_thread_is_told) {
  auto body = []() -> task<std::string> {
    std::string message;
    {
      const all_threads taken;
      try {
        co_await blocking([] {});
      } catch (const std::system_error& error) {
        message = error.what();
      }
    }
    const int after = co_await blocking([] { return 1; });
    EXPECT_EQ(after, 1);
    co_return message;
  };
  const std::string message = run(body(), options().workers(1));
  EXPECT_NE(message.find("blocking()"), std::string::npos) << message;
}

// The pool has no thread left, and no memory for a new one.
TEST_F(blocking_refused_test, refused_memory_is_told) {
  const std::size_t before = threads_of_process();
  auto body = [before]() -> task<bool> {
    co_await blocking([] {});
    EXPECT_TRUE(threads_fall_to(before + 1));
    bool refused = false;
    {
      const allocations::limit none(0);
      try {
        co_await blocking([] {});
      } catch (const std::bad_alloc&) {
        refused = true;
      }
    }
    const int after = co_await blocking([] { return 1; });
    EXPECT_EQ(after, 1);
    co_return refused;
  };
  EXPECT_TRUE(run(body(), options().workers(1).blocking_idle(0s)));
}

}  // namespace
}  // namespace magpie::testing
