// Signals of the operating system, as something that a task can wait for.
//
//   magpie::signals stop({SIGINT, SIGTERM});
//   const int which = co_await stop.next();
//
// What most programs want needs none of this: run() that ends gracefully, options::stop_on_signals.
#ifndef MAGPIE_RUNTIME_SIGNALS_H_
#define MAGPIE_RUNTIME_SIGNALS_H_

#include <cstddef>
#include <initializer_list>

#include "magpie/runtime/internal/signal_hub.h"
#include "magpie/runtime/queue.h"

namespace magpie {

// While it exists, these signals do nothing but to arrive here (and at other such objects that want
// them). Handlers belong to the whole process: when the last object for a signal has gone, what was
// installed before is put back. Needs no runtime. Must outlive whoever waits.
//
// A thread of its own tells of them, from the first of these objects in the process to the last.
class signals final : internal::signal_listener {
 public:
  // Any thread. Allocates. Throws usage_error for what is no signal or, as SIGKILL, cannot be
  // caught, std::system_error if the system refuses the thread; then nothing has changed.
  signals(std::initializer_list<int> which);
  ~signals() override;

  // co_await next(): the number of the next signal that has come and nobody has taken, first come,
  // first served. Throws `cancelled`, and then no signal is lost. May stand in a select(). Of those
  // that nobody takes, the first sixteen are kept.
  auto next() { return arrived_.get(); }

 private:
  static constexpr std::size_t most_kept = 16;

  void on_signal(int signal) noexcept override;

  queue<int> arrived_;
};

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_SIGNALS_H_
