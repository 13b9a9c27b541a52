// Runs a test body in many orders: simulated with several seeds, then on real threads.
#ifndef MAGPIE_TESTS_RUNTIME_SCHEDULES_H_
#define MAGPIE_TESTS_RUNTIME_SCHEDULES_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "magpie/runtime/run.h"
#include "magpie/runtime/testing/simulation.h"

namespace magpie::testing {

constexpr std::uint64_t simulated_orders = 20;

// `make` makes the task<> to run. For bodies that sleep: virtual time only.
template <class Make>
void in_simulated_orders(std::size_t workers, Make make) {
  for (std::uint64_t seed = 1; seed <= simulated_orders; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    simulate(make(), simulation_options().workers(workers).seed(seed));
    if (::testing::Test::HasFailure()) return;
  }
}

template <class Make>
void in_many_orders(std::size_t workers, Make make) {
  in_simulated_orders(workers, make);
  SCOPED_TRACE("real threads");
  for (int i = 0; i < 5; ++i)
    run(make(), options().workers(workers));
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_SCHEDULES_H_
