// blocking: a call that waits without magpie's help.
//
//   std::string text = co_await magpie::blocking([&] { return read_whole_file(path); });
#ifndef MAGPIE_RUNTIME_BLOCKING_H_
#define MAGPIE_RUNTIME_BLOCKING_H_

#include <type_traits>
#include <utility>

#include "magpie/runtime/internal/job_awaiter.h"

namespace magpie {

// Runs `function` on a thread of the runtime's blocking pool, which grows to
// options::blocking_threads; what exceeds that waits. Otherwise like cpu(): results, exceptions,
// lifetime, cancellation. Throws std::system_error if the system refuses the pool its only thread.
template <class Function>
internal::submitted<std::decay_t<Function>> blocking(Function&& function) {
  return {internal::job_kind::blocking, std::forward<Function>(function)};
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_BLOCKING_H_
