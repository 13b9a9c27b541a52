// A runtime for which the system has not enough.
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <system_error>

#include "magpie/runtime/run.h"
#include "magpie/tests/runtime/allocations.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/little_address_space.h"

namespace magpie::testing {
namespace {

task<int> number(int value) {
  co_return value;
}

class resources_test : public runtime_test {};

// Each thread reserves a stack; with little address space left the system refuses one of them.
TEST_F(resources_test, a_refused_thread_leaves_nothing_behind) {
  std::string message;
  try {
    const little_address_space little;
    const runtime refused(options().workers(100));
  } catch (const std::system_error& error) {
    message = error.what();
  }
  EXPECT_NE(message.find("options::workers"), std::string::npos) << message;
  EXPECT_EQ(run(number(1), options().workers(2)), 1);
}

// Every allocation of the constructor is refused in turn, those between two threads as well.
TEST_F(resources_test, refused_memory_leaves_nothing_behind) {
  const std::ptrdiff_t before = allocations::live();
  std::unique_ptr<runtime> made;
  int refusals = 0;
  while (made == nullptr) {
    const allocations::limit some(static_cast<std::size_t>(refusals), 1);
    try {
      made = std::make_unique<runtime>(options().workers(4));
    } catch (const std::bad_alloc&) {
      ++refusals;
    }
  }
  EXPECT_GT(refusals, 10);
  EXPECT_EQ(made->run(number(1)), 1);
  made.reset();
  EXPECT_EQ(allocations::live(), before);
}

}  // namespace
}  // namespace magpie::testing
