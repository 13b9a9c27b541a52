// task_local: a variable of which every spawned task has a value of its own.
//
//   magpie::task_local<std::string> request_id("none");   // Usually static.
//
//   request_id.set(header("X-Request-Id"));               // In a task.
//   spawn(audit()).detach();                              // It inherits the value.
//   log(request_id.get() + ": accepted");                 // In whatever function the task calls.
#ifndef MAGPIE_RUNTIME_TASK_LOCAL_H_
#define MAGPIE_RUNTIME_TASK_LOCAL_H_

#include <memory>
#include <utility>

namespace magpie {
namespace internal {

// Of the task that runs on the calling thread. Null if there is none, or it has no value.
std::shared_ptr<const void> find_task_local(const void* key) noexcept;
// Gives the value before. Throws usage_error if there is no task, std::bad_alloc.
std::shared_ptr<const void> exchange_task_local(const void* key, std::shared_ptr<const void> value);
void restore_task_local(const void* key, std::shared_ptr<const void> value) noexcept;
[[noreturn]] void refuse_missing_local();

}  // namespace internal

// The value stays with the task, whichever worker it runs on. A task that is spawned begins with
// the values that the spawning task has at that moment; what either of them sets later is not seen
// by the other. Tasks that are spawned by a thread that is no worker begin with none. Children of a
// gather (and whatever else is awaited without being spawned) belong to the task of their parent,
// and share its values: if several of them set one at the same time, the last wins.
//
// The functions of cpu() and blocking() run on threads that have no task: give them what they need.
//
// It must outlive the tasks that have a value. Values are shared by all who inherit them, and
// destroyed with the last; so they are const.
//
// (Python calls this a ContextVar. There, each child of a gather has a copy.)
template <class T>
class task_local {
 public:
  task_local() noexcept = default;
  // What a task has that has been given nothing. Allocates.
  explicit task_local(T initial) : initial_(std::make_shared<const T>(std::move(initial))) {}
  task_local(const task_local&) = delete;
  task_local& operator=(const task_local&) = delete;

  // Any thread. The value of the running task; outside of tasks, and in one that has none, the
  // initial value; throws usage_error if that is missing too. Takes a lock of the task.
  T get() const {
    const std::shared_ptr<const T> value = share();
    if (value == nullptr) internal::refuse_missing_local();
    return *value;
  }

  // The same without a copy; null if there is nothing.
  std::shared_ptr<const T> share() const noexcept {
    auto value = std::static_pointer_cast<const T>(internal::find_task_local(this));
    return value != nullptr ? value : initial_;
  }

  // In a task. Allocates, in proportion to how many task_locals the task has. Throws usage_error
  // outside of tasks.
  void set(T value) {
    internal::exchange_task_local(this, std::make_shared<const T>(std::move(value)));
  }

  // Puts back, at its end, what was there before (if there is memory for it). It ends in the task
  // in which it was made; outside of tasks it does nothing.
  class [[nodiscard("the value is put back when this goes")]] binding {
   public:
    binding(const binding&) = delete;
    binding& operator=(const binding&) = delete;
    ~binding() { internal::restore_task_local(key_, std::move(before_)); }

   private:
    friend class task_local;
    binding(const void* key, std::shared_ptr<const void> before) noexcept
        : key_(key), before_(std::move(before)) {}

    const void* key_;
    std::shared_ptr<const void> before_;
  };

  // The same for a part of a function: const auto bound = variable.bind(value); Not in children of
  // a gather, which share the values of their parent: each would put back what another has set.
  binding bind(T value) {
    return binding(
        this, internal::exchange_task_local(this, std::make_shared<const T>(std::move(value))));
  }

 private:
  std::shared_ptr<const T> initial_;
};

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_TASK_LOCAL_H_
