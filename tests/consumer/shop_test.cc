// A test of somebody else, on virtual time, without a test framework.
#include <chrono>

#include "magpie/runtime/sleep.h"
#include "magpie/runtime/testing/simulation.h"

magpie::task<int> next_year() {
  co_await magpie::sleep_for(std::chrono::hours(24 * 365));
  co_return 1;
}

int main() {
  return magpie::testing::simulate(next_year()) == 1 ? 0 : 1;
}
