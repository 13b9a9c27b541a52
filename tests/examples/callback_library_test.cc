#include <gtest/gtest.h>

#include <cstddef>
#include <ostream>
#include <sstream>

#include "magpie/runtime/run.h"

magpie::task<> callback_library(std::ostream& out);

// The library has a thread of its own, so not on virtual time; which does not matter to what is
// said.
TEST(callback_library, tells_results_and_errors) {
  for (const std::size_t workers : {1U, 2U, 8U}) {
    std::ostringstream out;
    magpie::run(callback_library(out), magpie::options().workers(workers));
    EXPECT_EQ(out.str(),
              "example.org is 93.184.215.14\n"
              "example.invalid: no such host\n");
  }
}
