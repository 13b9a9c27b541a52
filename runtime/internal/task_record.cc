#include "magpie/runtime/internal/task_record.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/failed_callback.h"
#include "magpie/runtime/internal/group.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie::internal {

task_record::task_record(scheduler& owner, std::string&& name, std::source_location spawned_at)
    : owner_(&owner),
      context_(*this),
      name_(name.empty() ? nullptr : std::make_unique<const std::string>(std::move(name))),
      spawned_at_(spawned_at) {}

const std::string& task_record::name() const noexcept {
  static const std::string none;
  return name_ == nullptr ? none : *name_;
}

// The destructor of a local value may ask for others, finds none, and may set new ones.
task_record::~task_record() {
  while (rare_ != nullptr) {
    flags_.fetch_and(static_cast<std::uint8_t>(~flag::locals));
    const auto last = std::exchange(rare_->locals, nullptr);
    if (last == nullptr) break;
  }
}

void task_record::make_child(group& of, clock::time_point deadline) {
  group_ = &of;
  rare().deadline = deadline;
}

std::uint64_t task_record::parent_id() const noexcept {
  return group_ == nullptr ? 0 : group_->task().id();
}

void task_record::stay_at(std::shared_ptr<internal::place> where) {
  rare().place = std::move(where);
  raise(flag::place);
}

bool task_record::is_driven_here() const noexcept {
  const std::lock_guard lock(mutex_);
  return rare_ != nullptr && rare_->driver &&
         ::pthread_equal(*rare_->driver, ::pthread_self()) != 0;
}

void task_record::set_driver(pthread_t thread) {
  rare().driver = thread;
}

task_record::rare_parts& task_record::rare() {
  if (rare_ == nullptr) rare_ = std::make_unique<rare_parts>();
  return *rare_;
}

void* task_record::operator new(std::size_t bytes) {
  void* const record = allocate_frame(bytes);
  count_other_block(1);
  return record;
}

void task_record::operator delete(void* record, std::size_t bytes) noexcept {
  count_other_block(-1);
  deallocate_frame(record, bytes);
}

bool task_record::claim_outcome() {
  const std::lock_guard lock(mutex_);
  if (claimed_) {
    throw usage_error("magpie: the outcome of task '" + name() +
                      "' has been taken already; it can be taken only once");
  }
  // One that has been cancelled still stands there until it runs.
  if (joiner_ != nullptr && !joiner_->claimed()) throw_two_joiners();
  claimed_ = ended_.is_set();
  return claimed_;
}

void task_record::throw_two_joiners() const {
  throw usage_error("magpie: two tasks await the join_handle of task '" + name() +
                    "'; its outcome can be taken only once");
}

bool task_record::outcome_claimed() noexcept {
  const std::lock_guard lock(mutex_);
  return claimed_;
}

task_record::joining task_record::add_joiner(suspension& joiner) noexcept {
  const std::lock_guard lock(mutex_);
  const bool second = joiner_ != nullptr && !joiner_->claimed();
  if (!ended_.is_set() && !second) {
    joiner_ = &joiner;
    return joining::waits;
  }
  // If a cancellation was faster, that one resumes the coroutine.
  if (!joiner.claim(suspension::outcome::completed)) return joining::waits;
  if (second || claimed_) return joining::refused;
  claimed_ = true;
  return joining::ended;
}

void task_record::remove_joiner(suspension& joiner) noexcept {
  const std::lock_guard lock(mutex_);
  if (joiner_ == &joiner) joiner_ = nullptr;
}

bool task_record::add_observer(end_observer& observer) noexcept {
  const std::lock_guard lock(mutex_);
  if (ended_.is_set()) return false;
  observer.next_ = observers_;
  observer.link_ = &observers_;
  if (observers_ != nullptr) observers_->link_ = &observer.next_;
  observers_ = &observer;
  return true;
}

void task_record::remove_observer(end_observer& observer) noexcept {
  const std::lock_guard lock(mutex_);
  if (observer.link_ == nullptr) return;
  *observer.link_ = observer.next_;
  if (observer.next_ != nullptr) observer.next_->link_ = observer.link_;
  observer.link_ = nullptr;
}

void task_record::add_callback(std::unique_ptr<end_callback> callback) {
  {
    const std::lock_guard lock(mutex_);
    if (!ended_.is_set()) {
      rare_parts& parts = rare();
      // The worker that ends the task has yet to come by here, and reads it without the lock.
      if (parts.hook == nullptr) parts.hook = owner_->hook();
      callback->next_ = std::move(parts.callbacks);
      parts.callbacks = std::move(callback);
      return;
    }
  }
  callback->call();
}

// In the order in which they were added.
void task_record::call_all(std::unique_ptr<end_callback> latest) noexcept {
  std::unique_ptr<end_callback> first;
  while (latest != nullptr) {
    std::unique_ptr<end_callback> before = std::move(latest->next_);
    latest->next_ = std::move(first);
    first = std::move(latest);
    latest = std::move(before);
  }
  for (; first != nullptr; first = std::move(first->next_)) {
    try {
      first->call();
    } catch (...) {
      report_failed_callback();
    }
  }
}

// Inside a handler.
void task_record::report_failed_callback() noexcept {
  try {
    tell(*rare_->hook,
         describe(report::kind::failed_callback, failed_callback_message("on_end()")));
  } catch (const std::bad_alloc&) {
    // There is no memory to say so either.
  }
}

void task_record::cancel(std::string reason) noexcept {
  {
    const std::lock_guard lock(mutex_);
    try {
      if (std::string& kept = rare().cancel_reason; kept.empty()) kept = std::move(reason);
    } catch (const std::bad_alloc&) {
      // Cancelled without a reason.
    }
  }
  context_.cancel();
}

std::string task_record::cancel_reason() const {
  const std::lock_guard lock(mutex_);
  return rare_ == nullptr ? std::string() : rare_->cancel_reason;
}

std::shared_ptr<const void> task_record::find_local(const void* key) const noexcept {
  if (!has(flag::locals)) return nullptr;
  const std::lock_guard lock(mutex_);
  for (const local_value& each : *rare_->locals) {
    if (each.key == key) return each.value;
  }
  return nullptr;
}

std::shared_ptr<const void> task_record::exchange_local(const void* key,
                                                        std::shared_ptr<const void> value) {
  std::shared_ptr<const local_values> before;  // Let go of outside the lock.
  const std::lock_guard lock(mutex_);
  rare_parts& parts = rare();
  auto changed = std::make_shared<local_values>();
  if (parts.locals != nullptr) *changed = *parts.locals;
  const auto found = std::ranges::find(*changed, key, &local_value::key);
  if (found == changed->end()) {
    changed->push_back({key, std::move(value)});
    value = nullptr;
  } else {
    found->value.swap(value);
  }
  before = std::exchange(parts.locals, std::move(changed));
  raise(flag::locals);
  return value;
}

void task_record::inherit_locals(const task_record& from) {
  if (!from.has(flag::locals)) return;
  std::shared_ptr<const local_values> inherited;
  {
    const std::lock_guard lock(from.mutex_);
    inherited = from.rare_->locals;
  }
  rare().locals = std::move(inherited);
  raise(flag::locals);
}

void task_record::end() noexcept {
  if (outcome().has_error()) {
    const std::lock_guard lock(mutex_);
    try {
      rare().hook = owner_->hook();
    } catch (const std::bad_alloc&) {
      // There will be nobody to tell.
    }
  }
  owner_->registry().remove(*this);
  // Kept here, since the outcome is no longer ours when it has been taken.
  if (group_ != nullptr && outcome().has_error()) rare_->failure = outcome().error();
  ready_list ready;
  for (;;) {
    // Before anybody learns of the end, threads in wait() among them.
    std::unique_ptr<end_callback> callbacks;
    {
      const std::lock_guard lock(mutex_);
      if (rare_ != nullptr) callbacks = std::move(rare_->callbacks);
      if (callbacks == nullptr) {
        announce_end(ready);
        break;
      }
    }
    call_all(std::move(callbacks));
  }
  const bool kept_by_group = group_ != nullptr && group_->child_ended(*this);
  ready.resume_all();
  if (!kept_by_group) drop_reference();
}

void task_record::announce_end(ready_list& ready) noexcept {
  if (joiner_ != nullptr && joiner_->claim(suspension::outcome::completed)) {
    ready.add(*joiner_);
    claimed_ = true;
  }
  joiner_ = nullptr;
  while (end_observer* observer = observers_) {
    observers_ = observer->next_;
    observer->link_ = nullptr;
    observer->task_ended(ready);
  }
  ended_.set();
}

void task_record::drop_reference() noexcept {
  // Who has the last reference need not count it down (spawn/join_all).
  if (references_.load() != 1 && references_.fetch_sub(1) != 1) return;
  // A group throws what its children have thrown.
  if (outcome().has_error() && !claimed_ && group_ == nullptr) {
    try {
      report_unretrieved();
    } catch (const std::bad_alloc&) {
      // There is no memory to say so either.
    }
  }
  delete this;
}

bool task_record::left_behind() const noexcept {
  // First: who drops the handle has done before what the others ask for.
  if (!has(flag::handle_dropped)) return false;
  if (group_ != nullptr || has(flag::detached) || done() || context_.cancelled()) return false;
  const std::lock_guard lock(mutex_);
  return joiner_ == nullptr && (rare_ == nullptr || rare_->callbacks == nullptr);
}

report task_record::describe(report::kind what, std::string message) const {
  return report{what, id_, name(), spawned_at_, std::move(message)};
}

void task_record::report_unretrieved() {
  std::string message = "failed, and nobody asked for its result: ";
  try {
    std::rethrow_exception(outcome().error());
  } catch (const cancelled&) {
    return;  // Somebody asked for that.
  } catch (const std::exception& error) {
    message += error.what();
  } catch (...) {
    message += "an exception that is no std::exception";
  }
  if (rare_ == nullptr || rare_->hook == nullptr) return;
  tell(*rare_->hook, describe(report::kind::unretrieved_exception, std::move(message)));
}

}  // namespace magpie::internal
