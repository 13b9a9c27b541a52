// The kernel's side of I/O: which descriptors are watched, and who waits for them. The interface
// between the operations (io/) and the backend (epoll_reactor.cc).
//
//   worker:    the system call says EAGAIN -> watch() once -> submit: enlist the operation
//   reactor:   wait() -> complete(): claim what waits for the direction -> ready_list
#ifndef MAGPIE_IO_INTERNAL_REACTOR_H_
#define MAGPIE_IO_INTERNAL_REACTOR_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/suspension.h"

namespace magpie::io::internal {

class reactor;

enum class direction : std::uint8_t { read, write };

// What the kernel reports of a descriptor.
struct event {
  bool readable;
  bool writable;
  // The peer has ended its side or sent urgent data, or the connection has failed: from now on no
  // short read means that there will be another event.
  bool ended;
};

// One awaited I/O: a suspension that can stand in the list of a registration.
class operation : public suspension {
 protected:
  operation() = default;
  ~operation() = default;

 private:
  friend class registration;
  operation* next_ = nullptr;   // Under the lock of the registration.
  operation** link_ = nullptr;  // The same. Null: in no list.
};

// One watched descriptor. Lives in a slab of its reactor and as long as that; the place is used
// again for other descriptors, and the generation tells them apart.
class registration {
 public:
  registration() = default;
  registration(const registration&) = delete;
  registration& operator=(const registration&) = delete;

  // Any thread. Counts the events in one direction, and never starts anew: when the place goes to
  // another descriptor, that counts as an event too. So a number that was read here for an earlier
  // descriptor is not taken for one of the present.
  std::uint64_t events(direction d) const noexcept { return events_[index(d)].load(); }
  bool ended() const noexcept { return ended_.load(); }

  // Any thread. At so many events a system call has found nothing (more) to do; that may be trusted
  // until there is another event.
  void note_drained(direction d, std::uint64_t events) noexcept {
    drained_[index(d)].store(events);
  }
  bool drained(direction d, std::uint64_t events) const noexcept {
    return drained_[index(d)].load() == events;
  }

  // Any thread. Fixed when it is made.
  const reactor* owner() const noexcept { return owner_; }

  // The descriptor that owns it. What events() was when its watch began.
  std::uint64_t first_event() const noexcept { return first_event_; }

  std::mutex& lock() noexcept { return mutex_; }

  // The remaining ones: under lock().

  void enlist(operation& waiting, direction d) noexcept;
  void withdraw(operation& waiting) noexcept;
  bool awaited() const noexcept { return first_[0] != nullptr || first_[1] != nullptr; }

  // Something has happened: completes everything that waits for it.
  void complete(event what, ready_list& ready) noexcept;

  std::uint32_t generation() const noexcept { return generation_; }
  // A new descriptor gets the place.
  void begin() noexcept;
  // The descriptor leaves: completes everything that waits. Later events of it are none of ours.
  void end(ready_list& ready) noexcept;

 private:
  static std::size_t index(direction d) noexcept { return static_cast<std::size_t>(d); }
  void complete(direction d, ready_list& ready) noexcept;

  static constexpr std::uint64_t never = UINT64_MAX;

 protected:
  const reactor* owner_ = nullptr;  // Fixed when it is made.

 private:
  std::array<std::atomic<std::uint64_t>, 2> events_{};               // Changed under mutex_.
  std::array<std::atomic<std::uint64_t>, 2> drained_{never, never};  // Any thread.
  std::atomic<bool> ended_{false};                                   // Changed under mutex_.
  std::uint64_t first_event_ = 0;                                    // Fixed by begin().
  std::mutex mutex_;
  std::array<operation*, 2> first_{};  // Under mutex_.
  std::uint32_t generation_ = 0;       // Under mutex_.
};

class reactor {
 public:
  reactor() = default;
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;
  virtual ~reactor() = default;

  // Any thread. Watches a descriptor in both directions from now on, what it is ready for already
  // included. Throws std::system_error, std::bad_alloc.
  virtual registration& watch(int fd) = 0;

  // Any thread, before the descriptor is closed. What waits for it is completed; no event reaches
  // the registration afterwards. `forget`: the descriptor stays open, so tell the kernel too.
  virtual void leave(int fd, registration& watched, bool forget) noexcept = 0;

  // One thread at a time. Waits for events, at most for `limit`, and completes what they are for.
  virtual void wait(clock::duration limit, ready_list& ready) noexcept = 0;

  // Any thread. Ends a wait(), or else the next one.
  virtual void interrupt() noexcept = 0;

  // Any thread; slow. Whether any operation waits.
  virtual bool awaited() noexcept = 0;
};

}  // namespace magpie::io::internal

#endif  // MAGPIE_IO_INTERNAL_REACTOR_H_
