// A file descriptor that several tasks may use and any may close.
//
// The number is given back to the kernel when it has been closed and the last system call on it has
// returned, so no call ever reaches a file that got the same number later. The reactor watches it
// from the first system call on that says EAGAIN.
#ifndef MAGPIE_IO_INTERNAL_DESCRIPTOR_H_
#define MAGPIE_IO_INTERNAL_DESCRIPTOR_H_

#include <sys/types.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "magpie/io/internal/reactor.h"

namespace magpie::io::internal {

// Where the descriptor was watched before a system call, and what had been reported there: the
// call's EAGAIN is to be trusted until there is more.
struct sighting {
  registration* where = nullptr;
  const reactor* owner = nullptr;  // Of that.
  std::uint64_t events = 0;
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
  // then what to wait with (readiness.h). A call that does something, but less than `all`, has
  // found the rest missing: the next one would say EAGAIN.
  // `seen` is a new one.
  template <class Call>
  ssize_t attempt(direction d, sighting& seen, Call what, std::size_t all = 0) noexcept {
    if (!enter()) return -ECANCELED;
    registration* const watched = registration_.load();
    if (watched != nullptr) seen = {watched, watched->owner(), watched->events(d)};
    ssize_t result = -EAGAIN;
    if (watched == nullptr || !watched->drained(d, seen.events)) result = repeat(what);
    // An end that came before the call may have been reported before it: read after the call.
    const bool less = result > 0 && static_cast<std::size_t>(result) < all;
    if (less && watched != nullptr && !watched->ended()) watched->note_drained(d, seen.events);
    leave();
    return result;
  }

  // Worker. Makes sure that the reactor of the current runtime watches the descriptor, so that
  // there is going to be an event at `seen.where` if something happens after `seen`. 0; try_again,
  // if the call has to be; or an errno. Throws usage_error if tasks of another runtime wait for it.
  int watch(sighting& seen);
  static constexpr int try_again = -1;

  // Under the lock of `where`: whether what waits there is going to be completed. If not, the call
  // has to be tried again: the descriptor has been closed, or used in another runtime meanwhile.
  bool watched_at(const registration& where) const noexcept {
    return !closed() && registration_.load() == &where;
  }

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

  int watch_first(sighting& seen, const std::shared_ptr<reactor>& events);
  // Under mutex_.
  int start_watching(const std::shared_ptr<reactor>& events);
  void stop_watching();

  const int fd_;
  // Any thread. The users: the owner until close(), and every call under way; and the closed bit.
  std::atomic<std::uint32_t> state_{1};
  std::atomic<registration*> registration_{nullptr};  // Changed under mutex_.
  std::mutex mutex_;
  std::shared_ptr<reactor> reactor_;  // Under mutex_. Keeps registration_ in place.
  // Under mutex_. Those of earlier runtimes, in which calls under way may still look.
  std::vector<std::shared_ptr<reactor>> former_;
};

}  // namespace magpie::io::internal

#endif  // MAGPIE_IO_INTERNAL_DESCRIPTOR_H_
