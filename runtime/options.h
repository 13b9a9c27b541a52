// What a runtime can be told when it is made.
#ifndef MAGPIE_RUNTIME_OPTIONS_H_
#define MAGPIE_RUNTIME_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <string>

#include "magpie/runtime/clock.h"

namespace magpie {

// The processors that this process may use: its affinity mask, and the cgroup quota of processor
// time rounded up. At least 1. Reads /proc and /sys; call it once, not in a loop.
std::size_t available_parallelism();

// Who waits for the kernel's I/O events.
enum class io_mode : std::uint8_t {
  // A worker that has nothing to do waits for them itself; the I/O thread takes over when all
  // workers are busy: within eight milliseconds, and within half of one while that goes on.
  assisted,
  // The I/O thread always does, and hands every completion to a worker.
  dedicated,
};

// Something that would otherwise pass in silence.
struct report {
  enum class kind : std::uint8_t {
    never_awaited,          // A task was dropped before anything of it has run.
    unretrieved_exception,  // A task failed, and nobody asked for its result.
    failed_callback,        // A function given to on_end(), on_done() or call_soon() has thrown.
    left_behind,            // It still runs when the runtime ends, and nobody has its handle.
    slow_shutdown,          // The shutdown waits for this task longer than shutdown_timeout.
    long_turn,              // The task keeps its worker longer than options::report_long_turns.
  };
  kind what;
  std::uint64_t task_id;  // 0, and no name, for never_awaited and what on_done() was given.
  std::string task_name;
  std::source_location spawned_at;  // For those two: where the task was made, on_done() called.
  std::string message;              // One line, for people.
};

// Setters return *this, so that they chain: options().workers(4).shutdown_timeout(2s). A value that
// cannot work is refused at once with std::invalid_argument.
class options {
 public:
  options() = default;

  // Threads that run tasks; 1 to 1024. Default: available_parallelism().
  options& workers(std::size_t count);
  std::size_t workers() const;

  // Slots of the oneTBB arena behind cpu(); 1 to 1024. Default: available_parallelism().
  options& cpu_threads(std::size_t count);
  std::size_t cpu_threads() const;

  // Most threads behind blocking(); 1 to 16384. Default: 512. They start when they are needed.
  options& blocking_threads(std::size_t most);
  std::size_t blocking_threads() const { return blocking_threads_; }

  // How long a thread behind blocking() waits for work before it ends. Default: 10 s.
  template <class Rep, class Period>
  options& blocking_idle(std::chrono::duration<Rep, Period> limit) {
    return set_blocking_idle(internal::saturated(limit));
  }
  clock::duration blocking_idle() const { return blocking_idle_; }

  // After this time a shutdown reports each task that it still waits for. Default: 5 s.
  template <class Rep, class Period>
  options& shutdown_timeout(std::chrono::duration<Rep, Period> limit) {
    return set_shutdown_timeout(internal::saturated(limit));
  }
  clock::duration shutdown_timeout() const { return shutdown_timeout_; }

  // A task that does not give its worker back for so long is reported while it goes on, once for
  // each time: something in it blocks or computes. A thread of its own looks every quarter of the
  // limit, at least every second, at most every millisecond; the system taking the processor away
  // from the worker counts too, and what a task's on_end() callbacks do does not. Default: nobody
  // looks. (asyncio: debug mode, slow_callback_duration = 100 ms.)
  template <class Rep, class Period>
  options& report_long_turns(std::chrono::duration<Rep, Period> limit) {
    return set_report_long_turns(internal::saturated(limit));
  }
  options& report_long_turns() { return report_long_turns(std::chrono::milliseconds(100)); }
  // The limit, if it is set.
  std::optional<clock::duration> reports_long_turns() const { return reports_long_turns_; }

  // The free function run() then takes SIGINT and SIGTERM: the first cancels the main task, so that
  // the program can end in good order; run() throws `interrupted` if the main task lets `cancelled`
  // pass, and otherwise gives what it gives. What has not ended after shutdown_timeout is reported.
  // A second signal, or `limit` after the first, ends the process at once, as if it had not been
  // caught. Default: signals are left alone.
  template <class Rep, class Period>
  options& stop_on_signals(std::chrono::duration<Rep, Period> limit) {
    return set_stop_on_signals(internal::saturated(limit));
  }
  options& stop_on_signals() { return stop_on_signals(std::chrono::seconds(30)); }
  // The limit, if it is set.
  std::optional<clock::duration> stops_on_signals() const { return stops_on_signals_; }

  // Default: io_mode::assisted.
  options& io(io_mode mode);
  io_mode io() const { return io_; }

  // I/O events that are collected with one call, at most; 1 to 256. The tasks that they make ready
  // are handed over together. Default: 256.
  options& io_batch(std::size_t events);
  std::size_t io_batch() const { return io_batch_; }

  // When I/O events have made several tasks ready at once, the worker that has collected them has
  // been busy for so long before it wakes another for them: most often it has run them all before
  // the other would be awake, and to wake that costs as much as a small request. Zero: it wakes
  // another at once, for the least latency on many processors. Matters in io_mode::assisted only.
  // Default: 0.5 ms.
  template <class Rep, class Period>
  options& share_after(std::chrono::duration<Rep, Period> delay) {
    return set_share_after(internal::saturated(delay));
  }
  clock::duration share_after() const { return share_after_; }

  // Called on any thread; must not throw, block for long, or end the runtime. Default: one line on
  // standard error.
  options& on_report(std::function<void(const report&)> hook);
  const std::function<void(const report&)>& on_report() const { return on_report_; }

 private:
  options& set_blocking_idle(clock::duration limit);
  options& set_shutdown_timeout(clock::duration limit);
  options& set_stop_on_signals(clock::duration limit);
  options& set_report_long_turns(clock::duration limit);
  options& set_share_after(clock::duration delay);

  std::size_t workers_ = 0;      // 0: not set.
  std::size_t cpu_threads_ = 0;  // 0: not set.
  std::size_t blocking_threads_ = 512;
  clock::duration blocking_idle_ = std::chrono::seconds(10);
  clock::duration shutdown_timeout_ = std::chrono::seconds(5);
  std::optional<clock::duration> stops_on_signals_;
  std::optional<clock::duration> reports_long_turns_;
  io_mode io_ = io_mode::assisted;
  std::size_t io_batch_ = 256;
  clock::duration share_after_ = std::chrono::microseconds(500);
  std::function<void(const report&)> on_report_;
};

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_OPTIONS_H_
