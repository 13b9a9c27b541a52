// Runs tasks on virtual time and in a reproducible order, for tests that neither sleep nor depend
// on luck.
//
//   EXPECT_EQ(simulate(restaurant(), simulation_options().workers(8).seed(7)), expected);
#ifndef MAGPIE_RUNTIME_TESTING_SIMULATION_H_
#define MAGPIE_RUNTIME_TESTING_SIMULATION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie::testing {

// No task can run, none sleeps, and none waits for an event of the outside world: the program would
// hang for ever. The message names the tasks.
class deadlock : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

class simulation_options {
 public:
  // Logical workers, all on the calling thread; 1 to 1024. Default: 1.
  simulation_options& workers(std::size_t count);
  std::size_t workers() const { return settings_.workers(); }

  // Decides who runs next and who is stolen from. The same seed gives the same run.
  simulation_options& seed(std::uint64_t value);
  std::uint64_t seed() const { return seed_; }

  // What clock::now() shows at first. Default: the start of the clock.
  simulation_options& start(clock::time_point time);
  clock::time_point start() const { return start_; }

  // As options::on_report.
  simulation_options& on_report(std::function<void(const report&)> hook);

  const options& settings() const { return settings_; }

 private:
  options settings_ = options().workers(1);
  std::uint64_t seed_ = 1;
  clock::time_point start_{};
};

// The real scheduler with logical workers that take turns on the calling thread. Time stands still
// while anything can run, and then jumps to the next deadline. cpu() and blocking() run their
// function on the calling thread, as a turn of its own. Real I/O works, in real time: while it is
// awaited, each jump of the clock is put off for a millisecond, in which the outside world may come
// first. So a deadline that real I/O has to meet does not belong into a simulation.
class simulation {
 public:
  explicit simulation(const simulation_options& settings = simulation_options());
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;
  // Cancels what still runs, and lets it end.
  ~simulation();

  // The thread that made the simulation, outside tasks. Starts a task, which does not run yet.
  template <class T>
  join_handle<T> spawn(task<T> what, std::string name = {},
                       std::source_location where = std::source_location::current()) {
    return internal::spawn_access::spawn(scheduler(), std::move(what), std::move(name), where);
  }

  // The same thread. Runs until the task has ended; gives its result or throws what it has thrown.
  // Throws `deadlock` if nothing can run any more, usage_error inside a task. May be called again.
  template <class T>
  T run(task<T> main, std::source_location where = std::source_location::current()) {
    join_handle<T> handle = spawn(std::move(main), "main", where);
    run_until([&handle] { return handle.done(); });
    return handle.get();
  }

  // The same thread. Takes turns until `ended` says so. Throws `deadlock`.
  void run_until(const std::function<bool()>& ended);

  // One turn of one worker, or one job. False if nothing can run without time passing.
  bool turn();

  // The virtual time.
  clock::time_point now() const noexcept;
  // How many turns there have been, and a digest of everything that was chosen: equal for equal
  // runs.
  std::uint64_t turns() const noexcept;
  std::uint64_t digest() const noexcept;
  // Tasks that have been spawned and have not ended.
  std::size_t live_tasks() const noexcept;

 private:
  class state;
  static void refuse_nested_run();
  internal::scheduler& scheduler() noexcept;

  std::unique_ptr<state> state_;
};

// Runs one task in a simulation of its own; what it leaves behind is cancelled.
template <class T>
T simulate(task<T> main, const simulation_options& settings = simulation_options(),
           std::source_location where = std::source_location::current()) {
  simulation world(settings);
  return world.run(std::move(main), where);
}

}  // namespace magpie::testing

#endif  // MAGPIE_RUNTIME_TESTING_SIMULATION_H_
