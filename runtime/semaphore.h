// semaphore: at most so many at once.
//
//   magpie::semaphore connections(10);
//   const auto permit = co_await connections.acquire();  // Given back at the end of the scope.
#ifndef MAGPIE_RUNTIME_SEMAPHORE_H_
#define MAGPIE_RUNTIME_SEMAPHORE_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/queued_awaiter.h"
#include "magpie/runtime/internal/wait_list.h"

namespace magpie {

class semaphore;

namespace internal {
class acquire_awaiter;
}

// Permits that are held. Moves only; gives them back when it ends. On any thread.
class [[nodiscard("a permit that is dropped is given back at once")]] semaphore_permit {
 public:
  // None.
  semaphore_permit() noexcept = default;
  semaphore_permit(semaphore_permit&& other) noexcept
      : from_(std::exchange(other.from_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  semaphore_permit& operator=(semaphore_permit&& other) noexcept {
    semaphore_permit(std::move(other)).swap(*this);
    return *this;
  }
  ~semaphore_permit() { release(); }

  // Gives them back. If that makes more than the semaphore may have, because they have been given
  // back by hand as well, what is too many is dropped.
  void release() noexcept;

  // How many; 0 after release(), forget() and a move.
  std::uint64_t count() const noexcept { return count_; }

  // They stay taken: whoever calls semaphore::release() gives them back.
  void forget() noexcept {
    from_ = nullptr;
    count_ = 0;
  }

  void swap(semaphore_permit& other) noexcept {
    std::swap(from_, other.from_);
    std::swap(count_, other.count_);
  }

 private:
  friend class semaphore;
  friend class internal::acquire_awaiter;
  semaphore_permit(semaphore& from, std::uint64_t count) noexcept : from_(&from), count_(count) {}

  semaphore* from_ = nullptr;
  std::uint64_t count_ = 0;
};

namespace internal {

// What acquire() returns, until it is awaited.
class [[nodiscard("acquire does nothing until it is awaited")]] acquisition {
 public:
  acquisition(semaphore& from, std::uint64_t count) noexcept : from_(from), count_(count) {}
  acquire_awaiter operator co_await() const noexcept;

 private:
  semaphore& from_;
  const std::uint64_t count_;
};

}  // namespace internal

// Any thread may call everything; acquire() is awaited by tasks. First come, first served: nobody
// overtakes one who waits, also not with fewer permits. Must outlive its permits and whoever waits.
class semaphore {
 public:
  // Not more than `most` permits can ever be free: release() beyond that is a usage_error. (With
  // the default there is no such bound but that of the number.) Throws usage_error if initial >
  // most.
  explicit semaphore(std::uint64_t initial, std::uint64_t most = UINT64_MAX);
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;

  // co_await acquire(n): suspends until n permits are free, and gives them as a semaphore_permit.
  // Cancelled while it waits: throws `cancelled`, and no permit is lost. Allocates nothing. Throws
  // usage_error if n is more than `most`, which could never be.
  internal::acquisition acquire(std::uint64_t count = 1);

  // Without waiting. Nothing if there are too few, or others wait.
  std::optional<semaphore_permit> try_acquire(std::uint64_t count = 1) noexcept;

  // Adds permits, and wakes those who can now have theirs. Not for those that a semaphore_permit
  // gives back.
  void release(std::uint64_t count = 1);

  // Free at this moment.
  std::uint64_t available() const noexcept;

 private:
  friend class internal::acquire_awaiter;
  friend class semaphore_permit;

  // Under mutex_.
  bool has(std::uint64_t count) const noexcept { return waiters_.empty() && free_ >= count; }
  void hand_out(ready_list& ready) noexcept;
  void give_back(std::uint64_t count) noexcept;

  mutable internal::mutex mutex_;
  internal::wait_list waiters_;  // Under mutex_.
  std::uint64_t free_;           // Under mutex_.
  const std::uint64_t most_;
};

namespace internal {

class acquire_awaiter final : public queued_awaiter {
 public:
  acquire_awaiter(semaphore& from, std::uint64_t count) noexcept
      : queued_awaiter(from.mutex_, from.waiters_), from_(from), count_(count) {}

  semaphore_permit await_resume() {
    finish_or_throw();
    return {from_, count_};
  }

 private:
  friend class magpie::semaphore;
  bool available() noexcept override { return from_.has(count_); }
  void take() noexcept override { from_.free_ -= count_; }
  void leave(ready_list& ready) noexcept override { from_.hand_out(ready); }

  semaphore& from_;
  const std::uint64_t count_;
};

inline acquire_awaiter acquisition::operator co_await() const noexcept {
  return {from_, count_};
}

}  // namespace internal

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_SEMAPHORE_H_
