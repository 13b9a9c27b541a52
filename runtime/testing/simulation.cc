#include "magpie/runtime/testing/simulation.h"

#include <algorithm>
#include <random>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/environment.h"
#include "magpie/runtime/internal/job_executor.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie::testing {

simulation_options& simulation_options::workers(std::size_t count) {
  settings_.workers(count);
  return *this;
}

simulation_options& simulation_options::seed(std::uint64_t value) {
  seed_ = value;
  return *this;
}

simulation_options& simulation_options::start(clock::time_point time) {
  start_ = time;
  return *this;
}

simulation_options& simulation_options::on_report(std::function<void(const report&)> hook) {
  settings_.on_report(std::move(hook));
  return *this;
}

namespace {

class simulated_jobs final : public internal::job_executor {
 public:
  void submit(internal::job& what) override { queue_.push(what); }
  void withdraw(internal::job& what) noexcept override { queue_.remove(what); }

  bool empty() const noexcept { return queue_.empty(); }

  // Runs the oldest, on a thread that is no worker.
  void run_one() noexcept {
    if (internal::job* next = queue_.pop()) {
      next->execute();
      next->resume();
    }
  }

 private:
  internal::job_queue queue_;
};

}  // namespace

class simulation::state final : public internal::environment {
 public:
  explicit state(const simulation_options& settings)
      : random_(settings.seed()), now_(settings.start()), scheduler_(settings.settings(), this) {}

  internal::scheduler& scheduler() noexcept { return scheduler_; }

  clock::time_point now() noexcept override { return now_; }

  std::size_t choose(std::size_t alternatives) noexcept override {
    const std::size_t chosen = alternatives == 1 ? 0 : random_() % alternatives;
    digest_ = (digest_ ^ chosen) * 0x100000001b3U;  // Fowler, Noll, Vo.
    return chosen;
  }

  internal::job_executor& jobs() noexcept override { return jobs_; }

  // One turn of whoever is chosen, or of the next after that which can run.
  bool turn() {
    const auto& workers = scheduler_.workers();
    const std::size_t actors = workers.size() + (jobs_.empty() ? 0 : 1);
    const std::size_t first = choose(actors);
    for (std::size_t i = 0; i < actors; ++i) {
      const std::size_t actor = (first + i) % actors;
      if (actor == workers.size() ? run_job() : step(*workers[actor])) {
        ++turns_;
        return true;
      }
    }
    return false;
  }

  // What a real runtime would sleep for. False if there is nothing.
  bool wait() {
    const clock::time_point next = next_deadline();
    poller* events = scheduler_.attached_poller();
    const bool outside = events != nullptr && events->awaits_events();
    if (next == clock::time_point::max() && !outside) return false;
    if (outside && poll(*events, next != clock::time_point::max())) return true;
    if (next != clock::time_point::max()) now_ = std::max(now_, next);
    return true;
  }

  std::string stuck_tasks() {
    std::string names;
    for (const internal::task_reference& task : scheduler_.registry().snapshot()) {
      names += "\n  task " + std::to_string(task->id()) + " '" + task->name() + "', spawned at " +
               task->spawned_at().file_name() + ":" + std::to_string(task->spawned_at().line());
    }
    return names;
  }

  std::uint64_t turns() const noexcept { return turns_; }
  std::uint64_t digest() const noexcept { return digest_; }

 private:
  static bool step(internal::worker& who) {
    internal::set_current_worker(&who);
    const bool stepped = who.step();
    internal::set_current_worker(nullptr);
    return stepped;
  }

  bool run_job() {
    jobs_.run_one();
    return true;
  }

  clock::time_point next_deadline() const {
    auto next = clock::time_point::max();
    for (const auto& worker : scheduler_.workers()) {
      next = std::min(next, worker->next_deadline());
    }
    return next;
  }

  // Gives the real world a moment, if virtual time can go on without it, else as long as it takes.
  static bool poll(poller& events, bool briefly) {
    if (!events.try_acquire()) return !briefly;
    ready_list ready;
    events.poll(briefly ? clock::duration(std::chrono::milliseconds(1)) : std::chrono::seconds(1),
                ready);
    events.release();
    const bool any = !ready.empty();
    ready.resume_all();
    return any || !briefly;
  }

  std::mt19937_64 random_;
  clock::time_point now_;
  std::uint64_t turns_ = 0;
  std::uint64_t digest_ = 0xcbf29ce484222325U;
  simulated_jobs jobs_;
  internal::scheduler scheduler_;
};

simulation::simulation(const simulation_options& settings) {
  refuse_nested_run();
  state_ = std::make_unique<state>(settings);
}

void simulation::refuse_nested_run() {
  if (internal::current_worker() == nullptr) return;
  throw usage_error(
      "magpie: a simulation was made or run inside a task, whose worker that would block; co_await "
      "the task instead, or spawn() it");
}

simulation::~simulation() {
  state_->scheduler().cancel_all_tasks();
  try {
    run_until([this] { return live_tasks() == 0; });
  } catch (const deadlock&) {
    // Told by run_until() while the test ran, or else by the leak of the frames.
    return;
  }
}

void simulation::run_until(const std::function<bool()>& ended) {
  refuse_nested_run();
  while (!ended()) {
    if (!state_->turn() && !state_->wait()) {
      throw deadlock("magpie: nothing can run any more, and these tasks have not ended:" +
                     state_->stuck_tasks());
    }
  }
}

bool simulation::turn() {
  refuse_nested_run();
  return state_->turn();
}

clock::time_point simulation::now() const noexcept {
  return state_->now();
}
std::uint64_t simulation::turns() const noexcept {
  return state_->turns();
}
std::uint64_t simulation::digest() const noexcept {
  return state_->digest();
}
std::size_t simulation::live_tasks() const noexcept {
  return state_->scheduler().registry().size();
}
internal::scheduler& simulation::scheduler() noexcept {
  return state_->scheduler();
}

}  // namespace magpie::testing
