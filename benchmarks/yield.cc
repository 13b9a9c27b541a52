// yield: tasks that let the others run. All figures are per yield.
//
//   alone          one task, and nobody else is ready.
//   two_tasks      two tasks take turns.
//   thousand_tasks a thousand tasks take turns.
//
// Runtimes: magpie (yield), tokio (yield_now), go (Gosched), asio (post), asyncio and uvloop
// (sleep(0)). oneTBB's tasks cannot yield.
#include <string>
#include <vector>

#include "magpie/benchmarks/peer_process.h"
#include "magpie/benchmarks/suite.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

constexpr int yields = 100'000;  // In one iteration, by all tasks together.

task<> keep_yielding(int times) {
  for (int i = 0; i < times; ++i)
    co_await yield();
}

task<int> take_turns(int tasks) {
  std::vector<task<>> yielding;
  yielding.reserve(static_cast<std::size_t>(tasks));
  for (int i = 0; i < tasks; ++i)
    yielding.push_back(keep_yielding(yields / tasks));
  co_await gather(std::move(yielding));
  co_return tasks;
}

const bool registered = [] {
  add_rows("yield/alone/magpie", on_magpie(yields, [] { return take_turns(1); }));
  add_rows("yield/two_tasks/magpie", on_magpie(yields, [] { return take_turns(2); }));
  add_rows("yield/thousand_tasks/magpie", on_magpie(yields, [] { return take_turns(1000); }));
  for (const char* program : {"yield/alone", "yield/two_tasks", "yield/thousand_tasks"}) {
    const std::string name = program;
    add_peer_rows(name + "/tokio", "tokio_micro");
    add_peer_rows(name + "/go", "go_micro");
    add_peer_rows(name + "/asio", "asio_micro");
    add_peer_row(name + "/asyncio", "python_micro");
    add_peer_row(name + "/uvloop", "python_micro");
  }
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
