// Tasks that have little memory.
#ifndef MAGPIE_TESTS_RUNTIME_SCARCE_MEMORY_H_
#define MAGPIE_TESTS_RUNTIME_SCARCE_MEMORY_H_

#include <cstddef>
#include <new>

#include "magpie/runtime/task.h"
#include "magpie/tests/runtime/allocations.h"

namespace magpie::testing {

// In a simulation. Awaits a task that make() makes with no memory, then one with one block, with
// two, ...; calls check() after each. Gives how many of `times` have thrown std::bad_alloc.
template <class Make, class Check>
task<std::size_t> with_scarce_memory(Make make, Check check, std::size_t times = 20) {
  std::size_t refused = 0;
  for (std::size_t blocks = 0; blocks < times; ++blocks) {
    {
      const allocations::limit some(blocks);
      try {
        co_await make();
      } catch (const std::bad_alloc&) {
        ++refused;
      }
    }
    check();
  }
  co_return refused;
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_SCARCE_MEMORY_H_
