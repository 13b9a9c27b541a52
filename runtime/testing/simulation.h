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

// Who decides in a simulation what is next.
enum class scheduling : std::uint8_t { random, round_robin, pct, replay };

class simulation_options {
 public:
  // Logical workers, all on the calling thread; 1 to 1024. Default: 1.
  simulation_options& workers(std::size_t count);
  std::size_t workers() const { return settings_.workers(); }

  // Who runs next, and who is stolen from, is decided at random, from this seed. The same seed,
  // with the same strategy, gives the same run. This is the default, with seed 1.
  simulation_options& random();
  simulation_options& seed(std::uint64_t value);
  std::uint64_t seed() const { return seed_; }

  // Instead: everybody in turn, whatever the seed.
  simulation_options& round_robin();

  // Instead: probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatti: "A
  // Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010), with the
  // workers as its threads. Each has a priority, which the seed decides, and the highest that can
  // run does; at depth - 1 turns, which the seed decides as well, whoever has just run becomes the
  // lowest. So one is kept waiting for as long as a bug may need that it is. A bug that takes
  // `depth` events in one order is found with a known probability, in runs of up to `turns` turns.
  // After so many everybody has turns, so that a loop with yield() ends. Both positive, else
  // std::invalid_argument.
  // `turns` should be about what a run takes: of the moments of a short run, few are among a
  // thousand.
  simulation_options& pct(std::size_t depth, std::size_t turns);

  // Instead: as simulation::schedule() has said it, or explore.h, with as many workers. Throws
  // std::invalid_argument for what is none. Round robin after its end.
  simulation_options& replay(std::string schedule);

  scheduling strategy() const { return strategy_; }
  std::size_t pct_depth() const { return pct_depth_; }
  std::size_t pct_turns() const { return pct_turns_; }
  const std::string& schedule() const { return schedule_; }

  // Whether simulation::schedule() works; it takes eight bytes for each decision. Default: false.
  simulation_options& record(bool wanted);
  bool record() const { return record_; }

  // What clock::now() shows at first. Default: the start of the clock.
  simulation_options& start(clock::time_point time);
  clock::time_point start() const { return start_; }

  // As options::on_report.
  simulation_options& on_report(std::function<void(const report&)> hook);

  const options& settings() const { return settings_; }

 private:
  options settings_ = options().workers(1);
  scheduling strategy_ = scheduling::random;
  std::uint64_t seed_ = 1;
  std::size_t pct_depth_ = 1;
  std::size_t pct_turns_ = 1;
  std::string schedule_;
  bool record_ = false;
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
  template <internal::task_or_operation What>
  auto spawn(What&& what, std::string name = {},
             std::source_location where = std::source_location::current()) {
    return internal::spawn_access::spawn(scheduler(), internal::own_task(std::forward<What>(what)),
                                         std::move(name), where);
  }

  // The same thread. Runs until the task has ended; gives its result or throws what it has thrown.
  // Throws `deadlock` if nothing can run any more, usage_error inside a task. May be called again.
  template <internal::task_or_operation What>
  auto run(What&& main, std::source_location where = std::source_location::current())
      -> internal::gives<What> {
    auto handle = spawn(as_task(std::forward<What>(main)), "main", where);
    // If it does not end, `deadlock` says so.
    internal::spawn_access::record(handle).detach();
    run_until([&handle] { return handle.done(); });
    return handle.get();
  }

  // The same thread. Takes turns until `ended` says so. Throws `deadlock`.
  void run_until(const std::function<bool()>& ended);

  // One turn of one worker, or one job. False if nothing can run without time passing.
  bool turn();

  // The virtual time.
  clock::time_point now() const noexcept;
  // How many turns there have been, and a hash of everything that was decided: equal for equal
  // runs.
  std::uint64_t turns() const noexcept;
  std::uint64_t decision_hash() const noexcept;
  // Everything that was decided so far, for simulation_options::replay(); empty without record(),
  // or if there was no memory for it.
  std::string schedule() const;
  // Tasks that have been spawned and have not ended.
  std::size_t live_tasks() const noexcept;
  // Those tasks, as in task_tree.h.
  std::string tasks();

 private:
  friend class leak_check;
  class state;
  static void refuse_nested_run();
  internal::scheduler& scheduler() noexcept;

  std::unique_ptr<state> state_;
};

// Runs one task in a simulation of its own; what it leaves behind is cancelled.
template <internal::task_or_operation What>
auto simulate(What&& main, const simulation_options& settings = simulation_options(),
              std::source_location where = std::source_location::current())
    -> internal::gives<What> {
  simulation world(settings);
  return world.run(std::forward<What>(main), where);
}

}  // namespace magpie::testing

#endif  // MAGPIE_RUNTIME_TESTING_SIMULATION_H_
