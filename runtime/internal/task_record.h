// A spawned task: who it is, what can cancel it, how it ended, and who waits for that.
#ifndef MAGPIE_RUNTIME_INTERNAL_TASK_RECORD_H_
#define MAGPIE_RUNTIME_INTERNAL_TASK_RECORD_H_

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/one_shot_event.h"
#include "magpie/runtime/internal/reporting.h"
#include "magpie/runtime/internal/result.h"
#include "magpie/runtime/suspension.h"

namespace magpie::internal {

class group;
class place;
class scheduler;
struct promise_base;

// Somebody who wants to know when a task has ended, and whom its outcome is not for.
class end_observer {
 public:
  end_observer() = default;
  end_observer(const end_observer&) = delete;
  end_observer& operator=(const end_observer&) = delete;

 protected:
  virtual ~end_observer() = default;

 private:
  friend class task_record;
  // Once, on the worker where the task has ended, under the task's lock.
  virtual void task_ended(ready_list& ready) noexcept = 0;

  // Under the task's lock.
  end_observer* next_ = nullptr;
  end_observer** link_ = nullptr;
};

// What somebody wants to be called when a task has ended.
class end_callback {
 public:
  end_callback() = default;
  end_callback(const end_callback&) = delete;
  end_callback& operator=(const end_callback&) = delete;
  virtual ~end_callback() = default;

 private:
  friend class task_record;
  virtual void call() = 0;
  std::unique_ptr<end_callback> next_;  // Under the task's lock.
};

template <class Function>
class end_callback_of final : public end_callback {
 public:
  explicit end_callback_of(Function function) : function_(std::move(function)) {}

 private:
  void call() override { std::invoke(function_); }
  Function function_;
};

// Shared by the running task and its join_handle, and gone when both are.
class task_record {
 public:
  task_record(const task_record&) = delete;
  task_record& operator=(const task_record&) = delete;

  static void* operator new(std::size_t bytes);
  static void operator delete(void* record, std::size_t bytes) noexcept;

  // Fixed before start. The scheduler may be gone when the task has ended.
  scheduler& owner() const noexcept { return *owner_; }
  context& root() noexcept { return context_; }
  std::uint64_t id() const noexcept { return id_; }
  const std::string& name() const noexcept;
  std::source_location spawned_at() const noexcept { return spawned_at_; }

  // What the task inherited; time_point::max() if nothing. Set before start.
  clock::time_point deadline() const noexcept {
    // Of others than children rare_ may be made at any time, by whoever cancels them.
    return group_ == nullptr ? clock::time_point::max() : rare_->deadline;
  }

  // Before start: it is a child of this group. Throws std::bad_alloc.
  void make_child(group& of, clock::time_point deadline);

  // Whether the calling thread is the one that runs it, and no thread of the runtime.
  bool is_driven_here() const noexcept;
  // Before start. Throws std::bad_alloc.
  void set_driver(pthread_t thread);

  // Where its turns may run; null if anywhere. Fixed before start. Throws std::bad_alloc.
  internal::place* place() const noexcept {
    if (!has(flag::place)) [[likely]]
      return nullptr;
    return rare_->place.get();
  }
  void stay_at(std::shared_ptr<internal::place> where);

  // Its own coroutines. The task whose child it is; 0 if it is none.
  std::uint64_t parent_id() const noexcept;

  // Guards the contexts of this task and what suspends under them.
  mutex& lock() noexcept { return mutex_; }

  bool done() const noexcept { return ended_.is_set(); }

  // Any thread. True: the task has ended, and its outcome is now the caller's, who takes it. False:
  // it has not. Throws usage_error if another has the outcome, or waits for it.
  bool claim_outcome();
  bool outcome_claimed() noexcept;
  [[noreturn]] void throw_two_joiners() const;

  // A coroutine that wants to be resumed when the task has ended, and then to have the outcome. Or
  // it has that already, and need not suspend; or another coroutine waits for it.
  enum class joining : std::uint8_t { waits, ended, refused };
  joining add_joiner(suspension& joiner) noexcept;
  void remove_joiner(suspension& joiner) noexcept;

  // Any thread. False: the task has ended already, and the observer will not be called.
  bool add_observer(end_observer& observer) noexcept;
  // It is called no more.
  void remove_observer(end_observer& observer) noexcept;

  // Any thread. Called on the worker where the task ends, or at once if it has ended (and then this
  // throws what it throws).
  void add_callback(std::unique_ptr<end_callback> callback);

  // Any thread. Cancels the task; the first reason that is given is kept.
  void cancel(std::string reason) noexcept;
  std::string cancel_reason() const;

  // The values of its task_locals. Any coroutine of the task; `key` is the address of a task_local.
  // Null if it has none.
  std::shared_ptr<const void> find_local(const void* key) const noexcept;
  // Gives the value before. Null takes it away. Throws std::bad_alloc.
  std::shared_ptr<const void> exchange_local(const void* key, std::shared_ptr<const void> value);
  // Before start: all that the other task, which is the running one, has now. Throws
  // std::bad_alloc.
  void inherit_locals(const task_record& from);

  // Whether it has ended with an exception. After the end.
  bool has_failed() const noexcept { return outcome().has_error(); }

  // Any thread that keeps the record alive. Nobody wants to know how it ends.
  void detach() noexcept { raise(flag::detached); }
  // The join_handle goes.
  void note_dropped_handle() noexcept {
    if (!done()) raise(flag::handle_dropped);
  }
  // Any thread that keeps the record alive: whether it runs on without anybody who would learn of
  // its end, has asked it to end, or has said that it may. Out of date at once.
  bool left_behind() const noexcept;

  report describe(report::kind what, std::string message) const;

  // Blocks a thread that is no worker.
  void wait() noexcept { ended_.wait(); }

  // The root coroutine has reached its end; its frame is gone. Gives up the task's reference.
  void end() noexcept;

  void add_reference() noexcept { references_.fetch_add(1); }
  void drop_reference() noexcept;

 protected:
  task_record(scheduler& owner, std::string&& name, std::source_location spawned_at);
  virtual ~task_record();

  virtual const result_base& outcome() const noexcept = 0;

 private:
  friend class group;
  friend class task_registry;

  struct local_value {
    const void* key;
    std::shared_ptr<const void> value;
  };
  using local_values = std::vector<local_value>;

  // What most tasks never have: a million that sleep should cost little (tests/stress).
  struct rare_parts {
    std::string cancel_reason;
    std::unique_ptr<end_callback> callbacks;  // The latest first.
    // Set if the task has failed: the handle may be dropped after the runtime has gone.
    std::shared_ptr<const report_hook> hook;
    // Of the child of a group: set before start, and how it has failed, if it has.
    clock::time_point deadline = clock::time_point::max();
    std::exception_ptr failure;
    std::shared_ptr<internal::place> place;  // Set before start.
    // Set before start. Not std::thread::id: <thread> takes long to compile.
    std::optional<pthread_t> driver;
    // Shared with the tasks that have inherited them, so replaced and never changed.
    std::shared_ptr<const local_values> locals;
  };
  // What is asked without the lock. One byte: a million that sleep should cost little.
  struct flag {
    static constexpr std::uint8_t locals = 1;  // So that who spawns sees that there are none.
    static constexpr std::uint8_t place = 2;   // Fixed before start.
    static constexpr std::uint8_t detached = 4;
    static constexpr std::uint8_t handle_dropped = 8;
  };
  bool has(std::uint8_t which) const noexcept { return (flags_.load() & which) != 0; }
  void raise(std::uint8_t which) noexcept { flags_.fetch_or(which); }

  // Under mutex_.
  rare_parts& rare();

  // Under mutex_.
  void announce_end(ready_list& ready) noexcept;
  void report_unretrieved();
  void call_all(std::unique_ptr<end_callback> latest) noexcept;
  void report_failed_callback() noexcept;

  scheduler* const owner_;
  context context_;
  std::uint64_t id_ = 0;                           // Set by the registry, before start.
  const std::unique_ptr<const std::string> name_;  // Null if it is empty.
  const std::source_location spawned_at_;

  std::atomic<std::uint32_t> references_{2};  // The running task and the join_handle.
  mutable mutex mutex_;
  one_shot_event ended_;
  // Under mutex_. Whose outcome nobody has claimed: an exception is then reported.
  bool claimed_ = false;
  std::atomic<std::uint8_t> flags_{0};
  std::uint16_t shard_ = 0;            // In the registry; set by it, before start.
  suspension* joiner_ = nullptr;       // Under mutex_.
  end_observer* observers_ = nullptr;  // Under mutex_.
  std::unique_ptr<rare_parts> rare_;   // Under mutex_.

  // Set before start, if it is a child of a task group, which outlives the run of the task.
  group* group_ = nullptr;
  // In the group, under its lock.
  task_record* next_in_group_ = nullptr;
  task_record** link_in_group_ = nullptr;

  // In the registry, under the lock of its shard.
  task_record* next_ = nullptr;
  task_record** link_ = nullptr;
};

struct drop_reference {
  void operator()(task_record* record) const noexcept { record->drop_reference(); }
};
// That of the join_handle.
struct drop_handle {
  void operator()(task_record* record) const noexcept {
    record->note_dropped_handle();
    record->drop_reference();
  }
};
using task_reference = std::unique_ptr<task_record, drop_reference>;

template <class T>
class task_record_of final : public task_record {
 public:
  task_record_of(scheduler& owner, std::string&& name, std::source_location spawned_at)
      : task_record(owner, std::move(name), spawned_at) {}

  internal::result<T>& result() noexcept { return result_; }

 private:
  const result_base& outcome() const noexcept override { return result_; }

  internal::result<T> result_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_TASK_RECORD_H_
