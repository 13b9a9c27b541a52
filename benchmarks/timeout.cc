// timeout: a time limit around something that does not need it. All figures are per limit.
//
//   ready  a limit of one second around a task that does nothing.
//
// Runtimes: magpie (with_timeout), tokio (timeout around a future), go (context.WithTimeout, looked
// at once), asyncio and uvloop (wait_for).
#include "magpie/runtime/timeout.h"

#include <chrono>

#include "magpie/benchmarks/peer_process.h"
#include "magpie/benchmarks/suite.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

using namespace std::chrono_literals;

constexpr int limits = 10'000;

task<> nothing() {
  co_return;
}

task<int> ready() {
  for (int i = 0; i < limits; ++i)
    co_await with_timeout(1s, nothing());
  co_return limits;
}

const bool registered = [] {
  add_rows("timeout/ready/magpie", on_magpie(limits, ready));
  add_peer_rows("timeout/ready/tokio", "tokio_micro");
  add_peer_rows("timeout/ready/go", "go_micro");
  add_peer_row("timeout/ready/asyncio", "python_micro");
  add_peer_row("timeout/ready/uvloop", "python_micro");
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
