// A file descriptor that several tasks may use and any may close.
//
// The number is given back to the kernel when it has been closed and the last system call on it has
// returned, so no call ever reaches a file that got the same number later. The reactor watches it
// from the first system call on that says EAGAIN.
#ifndef MAGPIE_IO_INTERNAL_DESCRIPTOR_H_
#define MAGPIE_IO_INTERNAL_DESCRIPTOR_H_

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>

#include "magpie/io/internal/reactor.h"

namespace magpie::io::internal {

// What the reactor had reported in one direction before a system call: the call's EAGAIN is to be
// trusted until there is more.
struct sighting {
  static constexpr std::uint64_t never = UINT64_MAX;
  std::uint64_t events = never;
};

class descriptor {
 public:
  // Takes over a non-blocking descriptor.
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { close(); }

  // Any thread. What waits for the descriptor ends with ECANCELED. The second call does nothing.
  void close() noexcept;
  bool closed() const noexcept { return (state_.load() & closed_bit) != 0; }

  // Any thread. `what(fd)` is a system call; again after EINTR. Its result or, if that is negative,
  // -errno; -ECANCELED after close().
  template <class Call>
  ssize_t call(Call what) noexcept {
    if (!enter()) return -ECANCELED;
    const ssize_t result = repeat(what);
    leave();
    return result;
  }

  // The same for a call that may find nothing to do: -EAGAIN if it does or is known to. `seen` is
  // then what to wait with (readiness.h).
  template <class Call>
  ssize_t attempt(direction d, sighting& seen, Call what) noexcept {
    if (!enter()) return -ECANCELED;
    const registration* const watched = registration_.load();
    seen.events = watched == nullptr ? sighting::never : watched->events(d);
    ssize_t result = -EAGAIN;
    if (watched == nullptr || seen.events != drained(d).load()) result = repeat(what);
    leave();
    return result;
  }

  // After a call that has done less than it could: the next one would say EAGAIN.
  void note_drained(direction d, sighting seen) noexcept {
    const registration* const watched = registration_.load();
    // Both are read after the call. An end that came before it may have been reported before it.
    if (watched != nullptr && !watched->ended()) drained(d).store(seen.events);
  }

  // Worker. Makes sure that the reactor of the current runtime watches the descriptor, so that
  // there is going to be an event if something happens after `seen`. 0; try_again, if the call has
  // to be; or an errno, ECANCELED after close(). Throws usage_error if tasks of another
  // runtime wait for the descriptor.
  int watch(sighting& seen);
  static constexpr int try_again = -1;

  // After watch() has returned 0.
  registration& watched() const noexcept { return *registration_.load(); }

 private:
  static constexpr std::uint32_t closed_bit = 1U << 31U;

  template <class Call>
  ssize_t repeat(Call& what) noexcept {
    for (;;) {
      const ssize_t result = what(fd_);
      if (result >= 0) return result;
      if (errno == EWOULDBLOCK) return -EAGAIN;
      if (errno != EINTR) return -errno;
    }
  }

  // Between the two the number stays ours.
  bool enter() noexcept;
  void leave() noexcept;

  // Under mutex_.
  int start_watching(const std::shared_ptr<reactor>& events, sighting& seen);
  void stop_watching();

  std::atomic<std::uint64_t>& drained(direction d) noexcept {
    return drained_[static_cast<std::size_t>(d)];
  }

  const int fd_;
  // Any thread. The users: the owner until close(), and every call under way; and the closed bit.
  std::atomic<std::uint32_t> state_{1};
  std::atomic<registration*> registration_{nullptr};  // Changed under mutex_.
  // Per direction: the number of events at which a call found nothing more to do.
  std::array<std::atomic<std::uint64_t>, 2> drained_{sighting::never, sighting::never};
  std::mutex mutex_;
  std::shared_ptr<reactor> reactor_;  // Under mutex_. Keeps registration_ in place.
  // What reactor_ points to, for a look without the lock. Changed under mutex_.
  std::atomic<const reactor*> watched_by_{nullptr};
};

}  // namespace magpie::io::internal

#endif  // MAGPIE_IO_INTERNAL_DESCRIPTOR_H_
