// The way in which workers sleep and are woken (idle_set, parker): no work waits while a worker
// sleeps and none searches.
//
// The workers here loop as worker.cc and scheduler.cc do: find work, announce, look again, park,
// retract; push, inject, accept, share and wake. A task may wait for another, as a long computation
// would keep its worker: the other then has to run elsewhere. If a wake-up is lost, everybody
// sleeps in the end, and relacy reports a deadlock. The ready tasks of a plan with short turns are
// left to their worker while another dozes, until somebody looks again in the same turn: a doze is
// over, or interrupted, at any moment.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "magpie/runtime/internal/deque.h"
#include "magpie/runtime/internal/idle_set.h"
#include "magpie/runtime/internal/injection_queue.h"
#include "magpie/runtime/internal/parker.h"
#include "magpie/runtime/internal/ready_queue.h"
#include "magpie/tests/model/model.h"

namespace {

using namespace magpie::model;

// How a worker uses the idle set; a mutant changes one of these.
struct rules {
  static constexpr bool looks_again_after_announce = true;
  static constexpr bool last_searcher_hands_over = true;
  static constexpr bool wakes_another_for_a_busy_home = true;
  static constexpr bool shares_accepted_work = true;
  static constexpr bool leaves_only_to_who_dozes = true;
  static constexpr bool counts_lone_tasks_if_nobody_dozes = true;
  static constexpr bool takes_what_was_left = true;
};

struct no_second_look : rules {
  static constexpr bool looks_again_after_announce = false;
};

struct no_hand_over : rules {
  static constexpr bool last_searcher_hands_over = false;
};

struct trusts_the_home : rules {
  static constexpr bool wakes_another_for_a_busy_home = false;
};

struct never_shares : rules {
  static constexpr bool shares_accepted_work = false;
};

struct leaves_to_sleepers : rules {
  static constexpr bool leaves_only_to_who_dozes = false;
};

struct never_counts_lone_tasks : rules {
  static constexpr bool counts_lone_tasks_if_nobody_dozes = false;
};

struct leaves_for_ever : rules {
  static constexpr bool takes_what_was_left = false;
};

template <class Atomics>
class task {
 public:
  task* next() const { return next_.get(); }
  void set_next(task* next) { next_.set(next); }

  // What it does, in this order. Fixed before the threads start.
  std::array<task*, 2> pushes{};
  task* accepts = nullptr;
  task* waits_for = nullptr;

  typename Atomics::template plain<int> written{0};
  typename Atomics::template atomic<std::uint32_t> done{0};

 private:
  typename Atomics::template plain<task*> next_{nullptr};
};

// `Plan` fills the tasks and says how many of them there are, which of them the first worker starts
// with, what the thread that is no worker injects, whether turns have been short, and which task
// a timer of the second worker makes ready (0: none).
template <class Plan, class Atomics, class Futex = relacy_futex, class Rules = rules>
class workers
    : public rl::test_suite<workers<Plan, Atomics, Futex, Rules>, Plan::worker_count + 1> {
 public:
  using task_type = task<Atomics>;

  void before() {
    Plan::prepare(tasks_);
    workers_[1].timer_is_set = Plan::set_on_second_worker != 0;
    if (Plan::first_worker_starts) {
      tasks_[0].written.set(1);
      workers_[0].inbox.push(&tasks_[0]);
    }
  }

  void thread(unsigned index) {
    if (index < Plan::worker_count) {
      run(workers_[index], index);
    } else {
      Plan::inject(*this);
    }
  }

  void after() { expect(done_ == Plan::task_count, "a task is lost"); }

  // As scheduler::inject().
  void inject(std::size_t number) {
    tasks_[number].written.set(1);
    injected_.push(&tasks_[number]);
    if (idle_.wants_wake_after_injection()) wake_one();
  }

  void inject(std::size_t number, std::size_t home) {
    tasks_[number].written.set(1);
    workers_[home].inbox.push(&tasks_[number]);
    if (idle_.claim(home)) {
      workers_[home].parking.unpark([] {});
    } else if (Rules::wakes_another_for_a_busy_home && idle_.wants_wake_after_injection()) {
      wake_one();
    }
  }

  // As the I/O thread, some time after a worker has accepted an event.
  void share_accepted() {
    while (accepted_.load(std::memory_order_acquire) == 0)
      relacy_futex::wait(accepted_, 0, {});
    if (!Rules::shares_accepted_work) return;
    if (has_visible_work() && idle_.wants_wake_after_injection()) wake_one();
  }

 private:
  using idle_type = magpie::internal::idle_set<Atomics>;

  struct worker {
    magpie::internal::deque<task_type, Atomics> children{4};
    magpie::internal::ready_queue<task_type, Atomics> ready{4};
    magpie::internal::injection_queue<task_type, Atomics> inbox;
    magpie::internal::parker<Atomics, Futex> parking;
    bool searching = false;
    typename Atomics::template atomic<std::uint32_t> turn{1};
    typename Atomics::template atomic<std::uint32_t> left_in_turn{0};
    bool has_left_a_task = false;
    bool timer_is_set = false;
    bool timer_is_due = false;
  };

  void run(worker& self, std::size_t index) {
    while (stopping_.load() == 0) {
      if (!step(self)) park(self, index);
    }
  }

  bool step(worker& self) {
    task_type* ready = find_work(self);
    if (ready == nullptr) return false;
    if (self.searching) found_while_searching(self);
    resume(self, *ready);
    return true;
  }

  task_type* find_work(worker& self) {
    self.turn.store(self.turn.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (task_type* late = fire_timer(self)) return late;
    if (task_type* child = self.children.pop()) return child;
    if (task_type* ready = self.ready.pop()) return ready;
    if (task_type* ready = adopt(self, self.inbox.take_all())) return ready;
    if (task_type* ready = adopt(self, injected_.take_all())) return ready;
    return steal_work(self);
  }

  // When it has slept for the first time.
  task_type* fire_timer(worker& self) {
    if (!self.timer_is_due) return nullptr;
    self.timer_is_due = false;
    task_type& late = tasks_[Plan::set_on_second_worker];
    late.written.set(1);
    return &late;
  }

  task_type* steal_work(worker& self) {
    if (!self.searching) {
      if (!idle_.start_searching()) return nullptr;
      self.searching = true;
    }
    self.has_left_a_task = false;
    for (worker& victim : workers_) {
      if (&victim == &self) continue;
      if (task_type* child = victim.children.steal()) return child;
      if (Plan::turns_are_short && victim.ready.size() == 1 && leaves_to(victim)) {
        self.has_left_a_task = true;
      } else if (task_type* ready = victim.ready.pop()) {
        return ready;
      }
      if (task_type* ready = adopt(self, victim.inbox.take_all())) return ready;
    }
    return nullptr;
  }

  static bool leaves_to(worker& victim) {
    const std::uint32_t turn = victim.turn.load(std::memory_order_relaxed);
    if (victim.left_in_turn.load(std::memory_order_relaxed) != turn) {
      victim.left_in_turn.store(turn, std::memory_order_relaxed);
      return true;
    }
    return !Rules::takes_what_was_left;
  }

  void found_while_searching(worker& self) {
    self.searching = false;
    if (idle_.stop_searching() && Rules::last_searcher_hands_over && has_work_for_another()) {
      wake_one();
    }
  }

  task_type* adopt(worker& self, task_type* list) {
    if (list == nullptr) return nullptr;
    for (task_type* next = list->next(); next != nullptr;) {
      task_type* after = next->next();
      push(self, *next);
      next = after;
    }
    return list;
  }

  // As a fork, or as worker::push_ready().
  void push(worker& self, task_type& ready) {
    if (!Plan::turns_are_short) {
      self.children.push(&ready);
      if (idle_.wants_wake_after_push()) wake_one();
    } else {
      self.ready.push(&ready);
      if (idle_.wants_wake_after_push() && !leaves_lone_task(self)) wake_one();
    }
  }

  bool leaves_lone_task(const worker& self) const {
    return self.ready.size() <= 1 && (idle_.someone_dozes() || !Rules::leaves_only_to_who_dozes);
  }

  // As worker::accept_events(): wakes nobody.
  void accept(worker& self, task_type& ready) {
    ready.written.set(1);
    self.children.push(&ready);
    accepted_.store(1, std::memory_order_release);
    relacy_futex::wake(accepted_);
  }

  void resume(worker& self, task_type& ready) {
    expect(ready.written.get() == 1, "a task is run before it was written");
    for (task_type* each : ready.pushes) {
      if (each == nullptr) continue;
      each->written.set(1);
      push(self, *each);
    }
    if (ready.accepts != nullptr) accept(self, *ready.accepts);
    if (task_type* other = ready.waits_for) {
      while (other->done.load(std::memory_order_acquire) == 0)
        relacy_futex::wait(other->done, 0, {});
    }
    ready.done.store(1, std::memory_order_release);
    for (std::size_t waiting = 1; waiting < Plan::worker_count; ++waiting)
      relacy_futex::wake(ready.done);
    if (++done_ == Plan::task_count) stop();
  }

  // As scheduler::stop_threads().
  void stop() {
    stopping_.store(1);
    for (worker& each : workers_)
      each.parking.unpark([] {});
  }

  void park(worker& self, std::size_t index) {
    const auto [looks_again, dozes] = idle_.announce(index, self.searching, self.has_left_a_task);
    const bool looks = looks_again && Rules::looks_again_after_announce;
    const bool needed = stopping_.load() != 0 || (looks && has_work_for_another());
    if (!needed) {
      if (dozes || self.timer_is_set) {
        self.parking.park_in([] {});  // Its end may come at once.
      } else {
        self.parking.park(std::chrono::steady_clock::time_point::max());
      }
      self.timer_is_due = std::exchange(self.timer_is_set, false);
    }
    self.searching = !idle_.retract(index);
  }

  bool has_visible_work() const { return has_work(0); }

  bool has_work_for_another() const {
    const bool with_lone_tasks = Rules::counts_lone_tasks_if_nobody_dozes && !idle_.someone_dozes();
    return has_work(!with_lone_tasks && Plan::turns_are_short ? 1 : 0);
  }

  bool has_work(std::size_t ready_tasks_left_to_each) const {
    if (!injected_.empty()) return true;
    for (const worker& each : workers_) {
      if (!each.children.empty() || !each.inbox.empty()) return true;
      if (each.ready.size() > ready_tasks_left_to_each) return true;
    }
    return false;
  }

  void wake_one() {
    const std::size_t sleeper = idle_.claim_sleeper();
    if (sleeper != idle_type::nobody) workers_[sleeper].parking.unpark([] {});
  }

  std::array<task_type, Plan::task_count> tasks_;
  idle_type idle_{Plan::worker_count};
  std::array<worker, Plan::worker_count> workers_;
  magpie::internal::injection_queue<task_type, Atomics> injected_;
  checked_atomic<std::uint32_t, orders_as_written> stopping_{0};
  typename Atomics::template atomic<std::uint32_t> accepted_{0};
  std::size_t done_ = 0;
};

struct plan {
  static constexpr bool turns_are_short = false;
  static constexpr std::size_t set_on_second_worker = 0;
};

// A worker pushes a child and is busy until somebody else has run it.
struct push_by_worker : plan {
  static constexpr std::size_t worker_count = 2;
  static constexpr std::size_t task_count = 2;
  static constexpr bool first_worker_starts = true;
  static void prepare(auto& tasks) {
    tasks[0].pushes = {&tasks[1], nullptr};
    tasks[0].waits_for = &tasks[1];
  }
  static void inject(auto&) {}
};

// Two children wake one worker each, though the second push finds the first worker searching: who
// stops searching hands over.
struct two_pushes_by_worker : plan {
  static constexpr std::size_t worker_count = 3;
  static constexpr std::size_t task_count = 3;
  static constexpr bool first_worker_starts = true;
  static void prepare(auto& tasks) {
    tasks[0].pushes = {&tasks[1], &tasks[2]};
    tasks[0].waits_for = &tasks[1];
    tasks[1].waits_for = &tasks[2];
  }
  static void inject(auto&) {}
};

// A thread that is no worker injects for the first worker, then for anybody: last what nothing else
// would make good.
struct injection : plan {
  static constexpr std::size_t worker_count = 2;
  static constexpr std::size_t task_count = 2;
  static constexpr bool first_worker_starts = false;
  static void prepare(auto&) {}
  static void inject(auto& model) {
    model.inject(0, 0);
    model.inject(1);
  }
};

// It injects for a worker that is busy until what was injected has run.
struct injection_for_busy_home : plan {
  static constexpr std::size_t worker_count = 2;
  static constexpr std::size_t task_count = 2;
  static constexpr bool first_worker_starts = true;
  static void prepare(auto& tasks) { tasks[0].waits_for = &tasks[1]; }
  static void inject(auto& model) { model.inject(1, 0); }
};

// Both at once: a worker pushes while another thread injects, and each of the two tasks needs
// a worker of its own.
struct push_and_injection : plan {
  static constexpr std::size_t worker_count = 3;
  static constexpr std::size_t task_count = 3;
  static constexpr bool first_worker_starts = true;
  static void prepare(auto& tasks) {
    tasks[0].pushes = {&tasks[1], nullptr};
    tasks[0].waits_for = &tasks[1];
    tasks[1].waits_for = &tasks[2];
  }
  static void inject(auto& model) { model.inject(2); }
};

// A worker accepts an event, which wakes nobody, and is busy until another has run what that has
// made ready; the I/O thread sees to it.
struct event : plan {
  static constexpr std::size_t worker_count = 2;
  static constexpr std::size_t task_count = 2;
  static constexpr bool first_worker_starts = true;
  static void prepare(auto& tasks) {
    tasks[0].accepts = &tasks[1];
    tasks[0].waits_for = &tasks[1];
  }
  static void inject(auto& model) { model.share_accepted(); }
};

// A task that a worker with short turns has made ready is left to it; and then the turn is long.
// Another worker has to come for it, if need be after a doze.
struct lone_task : push_by_worker {
  static constexpr bool turns_are_short = true;
};

// The same twice in a row.
struct two_lone_tasks : two_pushes_by_worker {
  static constexpr bool turns_are_short = true;
  static void prepare(auto& tasks) {
    tasks[0].pushes = {&tasks[1], nullptr};
    tasks[0].waits_for = &tasks[1];
    tasks[1].pushes = {&tasks[2], nullptr};
    tasks[1].waits_for = &tasks[2];
  }
};

// The one that has dozed finds something else to do first, which takes long. It hands over.
struct late_timer : plan {
  static constexpr std::size_t worker_count = 3;
  static constexpr std::size_t task_count = 3;
  static constexpr bool first_worker_starts = true;
  static constexpr bool turns_are_short = true;
  static constexpr std::size_t set_on_second_worker = 2;
  static void prepare(auto& tasks) {
    tasks[0].pushes = {&tasks[1], nullptr};
    tasks[0].waits_for = &tasks[1];
    tasks[2].waits_for = &tasks[1];
  }
  static void inject(auto&) {}
};

// What they do wrong is in cold_fence(), announce() and unpark() below.
struct full_cold_fence : membarrier_atomics {};
struct no_cold_fence : relacy_atomics {};
struct counts_itself : relacy_atomics {};
struct comes_back_from_a_doze_as_from_a_sleep : relacy_atomics {};
struct no_token : relacy_atomics {};

}  // namespace

namespace magpie::internal {

// Never asks for the barrier that acts on the workers that are awake.
template <>
void idle_set<full_cold_fence>::cold_fence(std::uint32_t) const {
  full_cold_fence::full_fence();
}

// No barrier between the announcement and the second look.
template <>
void idle_set<no_cold_fence>::cold_fence(std::uint32_t) const {}

// The last searcher leaves the second look to itself.
template <>
auto idle_set<counts_itself>::announce(std::size_t worker, bool was_searching, bool) -> announced {
  const std::lock_guard lock(mutex_);
  sleepers_.push_back(worker);
  const std::uint32_t change = one_sleeping - (was_searching ? one_searching : 0U);
  const std::uint32_t before = state_.fetch_add(change, std::memory_order_seq_cst);
  if (searching(before) != 0) return {.looks_again = false, .dozes = false};
  cold_fence(sleeping(before) + 1);
  return {.looks_again = true, .dozes = false};
}

// It does not search, so nobody looks after what has been left to others meanwhile.
template <>
bool idle_set<comes_back_from_a_doze_as_from_a_sleep>::retract(std::size_t worker) {
  const std::lock_guard lock(mutex_);
  if (!remove(worker)) return false;
  state_.fetch_sub(sleep_of(worker), std::memory_order_seq_cst);
  return true;
}

}  // namespace magpie::internal

namespace {

// Wakes who sleeps already, and leaves nothing for who is about to.
struct forgetful_futex : relacy_futex {};

}  // namespace

namespace magpie::internal {

template <>
template <class Interrupt>
void parker<no_token, forgetful_futex>::unpark(Interrupt) {
  std::uint32_t expected = asleep;
  if (state_.compare_exchange_strong(expected, token, std::memory_order_acq_rel,
                                     std::memory_order_relaxed)) {
    forgetful_futex::wake(state_);
  }
}

}  // namespace magpie::internal

namespace {

template <class Atomics, class Futex>
void all_plans(program& model, const char* const (&names)[9], std::uint64_t iterations) {
  const bounds some = bounds::random(iterations);
  model.holds<workers<push_by_worker, Atomics, Futex>>(names[0], some);
  model.holds<workers<two_pushes_by_worker, Atomics, Futex>>(names[1], some);
  model.holds<workers<injection, Atomics, Futex>>(names[2], some);
  model.holds<workers<injection_for_busy_home, Atomics, Futex>>(names[3], some);
  model.holds<workers<push_and_injection, Atomics, Futex>>(names[4], some);
  model.holds<workers<event, Atomics, Futex>>(names[5], some);
  model.holds<workers<lone_task, Atomics, Futex>>(names[6], some);
  model.holds<workers<two_lone_tasks, Atomics, Futex>>(names[7], some);
  model.holds<workers<late_timer, Atomics, Futex>>(names[8], some);
}

}  // namespace

int main(int argc, char** argv) {
  program model(argc, argv);

  all_plans<relacy_atomics, relacy_futex>(
      model,
      {"push", "two pushes", "injection", "busy home", "push and injection", "event", "lone task",
       "two lone tasks", "late timer"},
      50'000);
  all_plans<membarrier_atomics, relacy_futex>(
      model,
      {"push, membarrier", "two pushes, membarrier", "injection, membarrier",
       "busy home, membarrier", "push and injection, membarrier", "event, membarrier",
       "lone task, membarrier", "two lone tasks, membarrier", "late timer, membarrier"},
      50'000);
  all_plans<membarrier_atomics, restless_futex>(
      model,
      {"push, restless", "two pushes, restless", "injection, restless", "busy home, restless",
       "push and injection, restless", "event, restless", "lone task, restless",
       "two lone tasks, restless", "late timer, restless"},
      50'000);

  const bounds some = bounds::random(200'000);
  // Each side of the barrier between adding work and going to sleep. The full fence matters when
  // all workers go to sleep, since then no one asks for the heavy one.
  model.fails<workers<push_by_worker, no_light_fence>>("no_light_fence", some);
  model.fails<workers<push_by_worker, no_cold_fence>>("no_cold_fence", some);
  model.fails<workers<push_by_worker, full_cold_fence>>("full_cold_fence", some);
  model.fails<workers<push_by_worker, counts_itself>>("counts_itself", some);
  model.fails<workers<injection, no_full_fence>>("no_full_fence", some);
  // The rules of use.
  model.fails<workers<push_by_worker, relacy_atomics, relacy_futex, no_second_look>>(
      "no_second_look", some);
  model.fails<workers<two_pushes_by_worker, relacy_atomics, relacy_futex, no_hand_over>>(
      "no_hand_over", some);
  model.fails<workers<injection_for_busy_home, relacy_atomics, relacy_futex, trusts_the_home>>(
      "trusts_the_home", some);
  model.fails<workers<event, relacy_atomics, relacy_futex, never_shares>>("never_shares", some);
  // The rules of dozing.
  model.fails<workers<late_timer, comes_back_from_a_doze_as_from_a_sleep>>(
      "comes_back_from_a_doze_as_from_a_sleep", some);
  model.fails<workers<lone_task, relacy_atomics, relacy_futex, leaves_to_sleepers>>(
      "leaves_to_sleepers", some);
  model.fails<workers<lone_task, relacy_atomics, relacy_futex, never_counts_lone_tasks>>(
      "never_counts_lone_tasks", some);
  model.fails<workers<lone_task, relacy_atomics, relacy_futex, leaves_for_ever>>("leaves_for_ever",
                                                                                 some);
  model.fails<workers<lone_task, no_cold_fence>>("no_cold_fence, lone task", some);
  model.fails<workers<lone_task, no_light_fence>>("no_light_fence, lone task", some);
  // The parker.
  model.fails<workers<push_by_worker, relacy_atomics, futex_without_comparison>>(
      "futex_without_comparison", some);
  model.fails<workers<push_by_worker, no_token, forgetful_futex>>("no_token", some);
  return model.exit_status();
}
