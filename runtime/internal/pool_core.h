// The part of a resource_pool that does not depend on what it lends: places, and idle resources.
#ifndef MAGPIE_RUNTIME_INTERNAL_POOL_CORE_H_
#define MAGPIE_RUNTIME_INTERNAL_POOL_CORE_H_

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <utility>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/queued_awaiter.h"
#include "magpie/runtime/internal/wait_list.h"
#include "magpie/runtime/task.h"

namespace magpie {

// The resource_pool has been closed.
class pool_closed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace internal {

class pool_core;

struct pool_limits {
  std::size_t max_size = 10;
  clock::duration idle_time = clock::duration::max();
  clock::duration lifetime = clock::duration::max();
};

struct pool_counts {
  std::size_t in_use = 0;
  std::size_t idle = 0;
  std::size_t waiting = 0;
};

// One resource.
class pool_entry {
 public:
  pool_entry(const pool_entry&) = delete;
  pool_entry& operator=(const pool_entry&) = delete;
  virtual ~pool_entry() = default;

 protected:
  explicit pool_entry(clock::time_point made_at) noexcept : made_at_(made_at) {}

 private:
  friend class idle_list;
  friend class pool_core;

  const clock::time_point made_at_;
  // While it is idle, under the lock of the pool.
  clock::time_point idle_since_{};
  pool_entry* newer_ = nullptr;
  std::unique_ptr<pool_entry> older_;
};

// Owns what is in it, in the order of coming.
class idle_list {
 public:
  idle_list() = default;
  idle_list(const idle_list&) = delete;
  idle_list& operator=(const idle_list&) = delete;
  ~idle_list();

  std::size_t size() const noexcept { return size_; }
  pool_entry* newest() const noexcept { return newest_.get(); }
  static pool_entry* older_than(const pool_entry& entry) noexcept { return entry.older_.get(); }
  void push(std::unique_ptr<pool_entry> entry) noexcept;
  std::unique_ptr<pool_entry> remove(pool_entry& entry) noexcept;
  void swap(idle_list& other) noexcept;

 private:
  std::unique_ptr<pool_entry> newest_;
  std::size_t size_ = 0;
};

// The right to have one resource, lent or being made. Given back when it ends.
class pool_place {
 public:
  pool_place() noexcept = default;
  explicit pool_place(pool_core& of) noexcept : of_(&of) {}
  pool_place(pool_place&& other) noexcept
      : of_(std::exchange(other.of_, nullptr)), kept_(std::move(other.kept_)) {}
  pool_place& operator=(pool_place&& other) noexcept {
    release();
    of_ = std::exchange(other.of_, nullptr);
    kept_ = std::move(other.kept_);
    return *this;
  }
  ~pool_place() { release(); }

  // From now on it keeps the pool.
  void keep(std::shared_ptr<pool_core> of) noexcept { kept_ = std::move(of); }

  void release() noexcept;
  // And the resource that it had.
  void give_back(std::unique_ptr<pool_entry> entry) noexcept;

 private:
  pool_core* of_ = nullptr;
  std::shared_ptr<pool_core> kept_;
};

// Of the resources that exist or are being made, none is without a place but the idle ones; and one
// is made only by who has a place and has found none idle. So there are never more than places.
class pool_core {
 public:
  explicit pool_core(const pool_limits& limits) noexcept
      : limits_(limits), free_(limits.max_size) {}
  pool_core(const pool_core&) = delete;
  pool_core& operator=(const pool_core&) = delete;

  // For who has a place: the newest that is not too old; null if there is none. Throws pool_closed.
  std::unique_ptr<pool_entry> take_idle(clock::time_point now);
  void refuse_if_closed() const;

  void remove_expired(clock::time_point now) noexcept;
  void close() noexcept;
  bool closed() const noexcept;
  pool_counts count() const noexcept;
  std::size_t max_size() const noexcept { return limits_.max_size; }

 protected:
  ~pool_core() = default;

 private:
  friend class pool_place;
  friend class place_awaiter;
  friend task<> wait_until_drained(std::shared_ptr<pool_core> pool);

  bool too_old(const pool_entry& entry, clock::time_point now) const noexcept;
  void remove_expired(clock::time_point now, idle_list& removed) noexcept;
  void give_back(std::unique_ptr<pool_entry> entry, clock::time_point now) noexcept;
  void free_place() noexcept;
  void end_dropping() noexcept;
  // Under lock_.
  void free_place(ready_list& ready) noexcept;
  bool drained() const noexcept { return closed_ && free_ == limits_.max_size && dropping_ == 0; }

  const pool_limits limits_;
  event drained_;
  mutable mutex lock_;
  wait_list waiters_;         // Under lock_. Nobody, while a place is free or the pool closed.
  idle_list idle_;            // Under lock_.
  std::size_t free_;          // Places. Under lock_.
  bool closed_ = false;       // Under lock_.
  std::size_t dropping_ = 0;  // Who is destroying idle resources. Under lock_.
};

class place_awaiter final : public queued_awaiter {
 public:
  explicit place_awaiter(pool_core& of) noexcept : queued_awaiter(of.lock_, of.waiters_), of_(of) {}
  // Throws pool_closed, `cancelled`.
  pool_place await_resume();

 private:
  friend class pool_core;
  bool available() noexcept override { return of_.closed_ || of_.free_ > 0; }
  void take() noexcept override;

  pool_core& of_;
  bool granted_ = false;  // Under the lock of the pool, until this is resumed.
};

class pool_request {
 public:
  explicit pool_request(pool_core& of) noexcept : of_(of) {}
  place_awaiter operator co_await() const noexcept { return place_awaiter(of_); }

 private:
  pool_core& of_;
};

task<> wait_until_drained(std::shared_ptr<pool_core> pool);

}  // namespace internal
}  // namespace magpie

#endif  // MAGPIE_RUNTIME_INTERNAL_POOL_CORE_H_
