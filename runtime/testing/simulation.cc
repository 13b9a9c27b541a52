#include "magpie/runtime/testing/simulation.h"

#include <algorithm>
#include <new>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/environment.h"
#include "magpie/runtime/internal/job_executor.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"
#include "magpie/runtime/testing/decisions.h"
#include "magpie/runtime/testing/task_tree.h"

namespace magpie::testing {

simulation_options& simulation_options::workers(std::size_t count) {
  settings_.workers(count);
  return *this;
}

simulation_options& simulation_options::random() {
  strategy_ = scheduling::random;
  return *this;
}

simulation_options& simulation_options::round_robin() {
  strategy_ = scheduling::round_robin;
  return *this;
}

simulation_options& simulation_options::pct(std::size_t depth, std::size_t turns) {
  if (depth == 0 || turns == 0) {
    throw std::invalid_argument("magpie: simulation_options::pct takes positive numbers");
  }
  strategy_ = scheduling::pct;
  pct_depth_ = depth;
  pct_turns_ = turns;
  return *this;
}

simulation_options& simulation_options::replay(std::string schedule) {
  decisions::parse(schedule);
  strategy_ = scheduling::replay;
  schedule_ = std::move(schedule);
  return *this;
}

simulation_options& simulation_options::record(bool wanted) {
  record_ = wanted;
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
      : decider_(decisions::make_decider(settings, settings.workers() + 1)),
        records_(settings.record()),
        now_(settings.start()),
        scheduler_(settings.settings(), this) {
    candidates_.reserve(settings.workers() + 1);  // A turn needs no memory.
  }

  internal::scheduler& scheduler() noexcept { return scheduler_; }

  clock::time_point now() noexcept override { return now_; }

  std::size_t choose(std::size_t alternatives) noexcept override {
    return alternatives == 1 ? 0 : note(decider_->choose(alternatives));
  }

  internal::job_executor& jobs() noexcept override { return jobs_; }

  // One turn of whoever is chosen, among those who can run.
  bool turn() {
    const auto& workers = scheduler_.workers();
    candidates_.resize(workers.size() + (jobs_.empty() ? 0 : 1));
    std::iota(candidates_.begin(), candidates_.end(), std::size_t{0});
    decider_->begin_turn();
    while (!candidates_.empty()) {
      const std::size_t index =
          candidates_.size() == 1 ? 0 : note(decider_->choose_actor(candidates_));
      const std::size_t actor = candidates_[index];
      if (actor == workers.size() ? run_job() : step(*workers[actor])) {
        ++turns_;
        return true;
      }
      candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(index));
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

  std::uint64_t turns() const noexcept { return turns_; }
  std::uint64_t decision_hash() const noexcept { return hash_; }
  std::string schedule() const { return records_ ? decisions::format(decisions_) : std::string(); }

 private:
  std::size_t note(std::size_t chosen) {
    hash_ = (hash_ ^ chosen) * 0x100000001b3U;  // Fowler, Noll, Vo.
    if (records_) record(chosen);
    return chosen;
  }

  void record(std::size_t chosen) noexcept {
    try {
      decisions_.push_back(static_cast<std::int64_t>(chosen));
    } catch (const std::bad_alloc&) {
      records_ = false;
    }
  }

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

  const std::unique_ptr<decisions::decider> decider_;
  bool records_;
  decisions::decision_list decisions_;
  std::vector<std::size_t> candidates_;  // Of this turn.
  clock::time_point now_;
  std::uint64_t turns_ = 0;
  std::uint64_t hash_ = 0xcbf29ce484222325U;
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
      throw deadlock("magpie: nothing can run any more, and these tasks have not ended:" + tasks());
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
std::uint64_t simulation::decision_hash() const noexcept {
  return state_->decision_hash();
}
std::string simulation::schedule() const {
  return state_->schedule();
}
std::size_t simulation::live_tasks() const noexcept {
  return state_->scheduler().registry().size();
}
std::string simulation::tasks() {
  return task_tree(scheduler());
}
internal::scheduler& simulation::scheduler() noexcept {
  return state_->scheduler();
}

}  // namespace magpie::testing
