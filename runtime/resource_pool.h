// resource_pool: connections and other things that are costly to make, kept and lent.
//
//   magpie::resource_pool<connection> pool(magpie::resource_pool_options().max_size(10),
//                                          [] { return connect("db", 5432); });
//   ...
//   auto lease = co_await magpie::with_timeout(5s, pool.acquire());
//   co_await lease->query("...");                  // Given back at the end of the scope.
#ifndef MAGPIE_RUNTIME_RESOURCE_POOL_H_
#define MAGPIE_RUNTIME_RESOURCE_POOL_H_

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/pool_core.h"
#include "magpie/runtime/task.h"

namespace magpie {

template <class T>
class resource_pool;
template <class T>
class pool_lease;

// Setters return *this, so that they chain. A value that cannot work is refused at once with
// usage_error.
class resource_pool_options {
 public:
  // Most resources at a time, the lent and the idle together; at least 1. Default: 10.
  resource_pool_options& max_size(std::size_t most);

  // A resource that has been idle for that long is not lent any more. Default: no limit.
  template <class Rep, class Period>
  resource_pool_options& max_idle_time(std::chrono::duration<Rep, Period> limit) {
    return set(limits_.idle_time, internal::saturated(limit));
  }
  // A resource that was made that long ago is not lent any more; who has it keeps it. Default: no
  // limit.
  template <class Rep, class Period>
  resource_pool_options& max_lifetime(std::chrono::duration<Rep, Period> limit) {
    return set(limits_.lifetime, internal::saturated(limit));
  }

  const internal::pool_limits& limits() const noexcept { return limits_; }

 private:
  resource_pool_options& set(clock::duration& which, clock::duration limit);
  internal::pool_limits limits_;
};

namespace internal {

template <class T>
class pool_entry_of final : public pool_entry {
 public:
  pool_entry_of(T&& value, clock::time_point made_at)
      : pool_entry(made_at), value_(std::move(value)) {}
  T& value() noexcept { return value_; }

 private:
  T value_;
};

template <class T>
struct pool_state final : pool_core {
  pool_state(const pool_limits& limits, std::function<task<T>()> make,
             std::function<task<bool>(T&)> check)
      : pool_core(limits), make_one(std::move(make)), check_one(std::move(check)) {
    if (!make_one) throw usage_error("magpie: a resource_pool needs a function that makes one");
  }

  // Fixed.
  const std::function<task<T>()> make_one;
  const std::function<task<bool>(T&)> check_one;
};

// Whether an idle resource may be lent again, if there is a check.
template <class T>
task<bool> is_healthy(const pool_state<T>& pool, T& resource) {
  bool healthy = false;
  try {
    healthy = co_await pool.check_one(resource);
  } catch (const cancelled&) {
    throw;
  } catch (...) {
    healthy = false;
  }
  co_return healthy;
}

// The place is given back whenever this ends without a lease, after the resource is gone.
template <class T>
task<pool_lease<T>> acquire_from(std::shared_ptr<pool_state<T>> pool) {
  pool_place place = co_await pool_request(*pool);
  place.keep(pool);
  for (;;) {
    std::unique_ptr<pool_entry> idle = pool->take_idle(clock::now());
    if (idle == nullptr) break;
    T& resource = static_cast<pool_entry_of<T>&>(*idle).value();
    bool healthy = true;
    if (pool->check_one) healthy = co_await is_healthy(*pool, resource);
    if (!healthy) continue;
    pool->refuse_if_closed();
    co_return pool_lease<T>(std::move(place), std::move(idle));
  }
  T made = co_await pool->make_one();
  std::unique_ptr<pool_entry> entry =
      std::make_unique<pool_entry_of<T>>(std::move(made), clock::now());
  pool->refuse_if_closed();
  co_return pool_lease<T>(std::move(place), std::move(entry));
}

}  // namespace internal

// A resource that has been lent. Moves only; gives it back when it ends, on any thread. May outlive
// the pool.
template <class T>
class [[nodiscard("a lease that is dropped is given back at once")]] pool_lease {
 public:
  // None: has nothing to give back, and *, -> and get() must not be used.
  pool_lease() noexcept = default;
  pool_lease(pool_lease&&) noexcept = default;
  pool_lease& operator=(pool_lease&& other) noexcept {
    pool_lease given_back(std::move(*this));
    place_ = std::move(other.place_);
    entry_ = std::move(other.entry_);
    return *this;
  }
  ~pool_lease() { release(); }

  bool valid() const noexcept { return entry_ != nullptr; }
  T& get() const noexcept { return static_cast<internal::pool_entry_of<T>&>(*entry_).value(); }
  T& operator*() const noexcept { return get(); }
  T* operator->() const noexcept { return std::addressof(get()); }

  // Gives it back, to whoever waits longest. It is destroyed instead, here, if it is too old or the
  // pool has been closed.
  void release() noexcept {
    if (entry_ != nullptr) place_.give_back(std::move(entry_));
  }

  // It is not to be lent again: destroys it here, and lets the next have another in its place.
  void discard() noexcept {
    entry_.reset();
    place_.release();
  }

 private:
  friend task<pool_lease<T>> internal::acquire_from<T>(
      std::shared_ptr<internal::pool_state<T>> pool);
  pool_lease(internal::pool_place&& place, std::unique_ptr<internal::pool_entry> entry) noexcept
      : place_(std::move(place)), entry_(std::move(entry)) {}

  internal::pool_place place_;
  std::unique_ptr<internal::pool_entry> entry_;
};

// What a pool has at one moment.
struct pool_statistics {
  std::size_t size = 0;     // in_use and idle.
  std::size_t in_use = 0;   // Lent, being made or being checked.
  std::size_t idle = 0;     // Ready to be lent, as far as is known.
  std::size_t waiting = 0;  // Tasks that wait in acquire() for another's place.
};

// Any thread may call everything; acquire() and wait_closed() are awaited by tasks, on any workers
// or runtimes. No resource is made, checked, moved or destroyed under a lock. T moves; it is closed
// by its destructor.
template <class T>
class resource_pool {
  static_assert(std::is_object_v<T> && std::move_constructible<T>,
                "magpie: a resource_pool has resources that can be moved");

 public:
  // make() makes a task that makes a resource, whenever one is wanted and none is idle; nothing is
  // made before. check(resource), if it is given, makes a task that says whether an idle resource
  // is still good; an exception says that it is not. Both may be called by several workers at once,
  // and live until nobody uses the pool. Throws usage_error without make, std::bad_alloc.
  explicit resource_pool(const resource_pool_options& settings, std::function<task<T>()> make,
                         std::function<task<bool>(T&)> check = nullptr)
      : state_(std::make_shared<internal::pool_state<T>>(settings.limits(), std::move(make),
                                                         std::move(check))) {}
  resource_pool(const resource_pool&) = delete;
  resource_pool& operator=(const resource_pool&) = delete;
  // Closes it. Does not wait.
  ~resource_pool() { state_->close(); }

  // co_await acquire(): a resource, the one that was used last if several are idle; waits if
  // max_size are in use, first come, first served. One that is not healthy, or too old, is
  // destroyed, and the next is tried. What make() throws is thrown, and the next who waits may try
  // in its place. Throws pool_closed if the pool is closed, before or meanwhile. Cancelled: throws
  // `cancelled`; no place is lost, and a resource that was just being checked is destroyed. Put
  // with_timeout() around it for a limit. Allocates frames, and a node for a resource that is new;
  // looks at each idle one, if there is a limit of time.
  MAGPIE_COROUTINE_WRAPPER task<pool_lease<T>> acquire() {
    return internal::acquire_from<T>(state_);
  }

  // Destroys the idle resources that have become too old, here. acquire() does it too; a pool that
  // nobody uses keeps them, so a program that cares calls this now and then (call_later.h).
  void remove_expired() { state_->remove_expired(clock::now()); }

  // Those who wait and those who come get pool_closed; idle resources are destroyed, here; those
  // that are lent stay good, and are destroyed when they are given back. Again: does nothing.
  void close() noexcept { state_->close(); }
  bool closed() const noexcept { return state_->closed(); }

  // co_await wait_closed(): until the pool has been closed and all leases have been given back.
  // The pool may go meanwhile.
  MAGPIE_COROUTINE_WRAPPER task<> wait_closed() { return internal::wait_until_drained(state_); }

  // Out of date at once.
  pool_statistics statistics() const noexcept {
    const internal::pool_counts now = state_->count();
    return {now.in_use + now.idle, now.in_use, now.idle, now.waiting};
  }
  std::size_t max_size() const noexcept { return state_->max_size(); }

 private:
  const std::shared_ptr<internal::pool_state<T>> state_;
};

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_RESOURCE_POOL_H_
