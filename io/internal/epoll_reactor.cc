#include "magpie/io/internal/epoll_reactor.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

#include "magpie/io/internal/kernel_time.h"
#include "magpie/io/internal/slab.h"
#include "magpie/io/internal/wake_event.h"

namespace magpie::io::internal {
namespace {

// Events taken at once, at most; 3 KiB on the stack.
constexpr int largest_batch = 256;

// The data of an epoll event: the place of the registration, and its generation.
struct tag {
  std::uint32_t place;
  std::uint32_t generation;

  static tag of(std::uint64_t data) noexcept {
    return {static_cast<std::uint32_t>(data), static_cast<std::uint32_t>(data >> 32U)};
  }
  std::uint64_t data() const noexcept { return std::uint64_t{generation} << 32U | place; }
};

constexpr tag interruption{UINT32_MAX, 0};

event decode(std::uint32_t events) noexcept {
  const bool failed = (events & (EPOLLHUP | EPOLLERR)) != 0;
  return {.readable = failed || (events & (EPOLLIN | EPOLLRDHUP)) != 0,
          .writable = failed || (events & EPOLLOUT) != 0,
          .ended = failed || (events & (EPOLLRDHUP | EPOLLPRI)) != 0};
}

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::system_category(), std::string("magpie: ") + call);
}

int make_epoll() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) fail("epoll_create1");
  return fd;
}

// Rounded up, and never over a day, which is early but allowed. -1: no limit.
int whole_milliseconds(clock::duration limit) noexcept {
  if (limit == clock::duration::max()) return -1;
  const clock::duration shortened = std::min<clock::duration>(limit, std::chrono::hours(24));
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(shortened).count());
}

struct owned_fd {
  int fd;
  ~owned_fd() { ::close(fd); }
};

// A registration that knows its place.
struct slot : registration {
  void make(const reactor& owner, std::uint32_t number) noexcept {
    owner_ = &owner;
    place = number;
  }

  std::uint32_t place = 0;  // Fixed when it is made.
};

class epoll_reactor final : public reactor {
 public:
  explicit epoll_reactor(int batch) : batch_(batch), epoll_{make_epoll()} {
    // Edge-triggered, so that nobody has to read it: every signal is one event.
    control(EPOLL_CTL_ADD, wake_.fd(), EPOLLIN | EPOLLET, interruption);
  }

  registration& watch(int fd) override {
    slot& place = take_place();
    tag where{place.place, 0};
    {
      const std::lock_guard lock(place.lock());
      place.begin();
      where.generation = place.generation();
    }
    try {
      control(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET, where);
    } catch (...) {
      give_back(place);
      throw;
    }
    return place;
  }

  void leave(int fd, registration& watched, bool forget) noexcept override {
    ready_list ready;
    {
      const std::lock_guard lock(watched.lock());
      watched.end(ready);
    }
    ready.resume_all();
    if (forget) ::epoll_ctl(epoll_.fd, EPOLL_CTL_DEL, fd, nullptr);
    give_back(static_cast<slot&>(watched));
  }

  void wait(clock::duration limit, ready_list& ready) noexcept override {
    epoll_event events[largest_batch];
    const int count = wait_for(events, limit);
    for (int i = 0; i < count; ++i) {
      const tag where = tag::of(events[i].data.u64);
      if (where.place == interruption.place) continue;
      slot& watched = slots_[where.place];
      const std::lock_guard lock(watched.lock());
      // What is left of a descriptor that has been closed is nobody's.
      if (watched.generation() == where.generation) {
        watched.complete(decode(events[i].events), ready);
      }
    }
  }

  void interrupt() noexcept override { wake_.signal(); }

  bool awaited() noexcept override {
    const std::lock_guard lock(mutex_);
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
      const std::lock_guard lock_one(slots_[i].lock());
      if (slots_[i].awaited()) return true;
    }
    return false;
  }

 private:
  void control(int what, int fd, std::uint32_t events, tag data) {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.u64 = data.data();
    if (::epoll_ctl(epoll_.fd, what, fd, &wanted) != 0) fail("epoll_ctl");
  }

  int wait_for(epoll_event* events, clock::duration limit) noexcept {
    timespec storage{};
    if (counts_nanoseconds_) {
      const int count =
          ::epoll_pwait2(epoll_.fd, events, batch_, kernel_time(limit, storage), nullptr);
      if (count >= 0 || errno == EINTR) return count;
      // Linux before 5.11, or a sandbox that does not know the call.
      counts_nanoseconds_ = false;
    }
    return ::epoll_wait(epoll_.fd, events, batch_, whole_milliseconds(limit));
  }

  slot& take_place() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      // give_back() must not need memory.
      if (free_.capacity() <= slots_.size()) free_.reserve(2 * slots_.size() + 64);
      const std::uint32_t place = slots_.grow();
      slots_[place].make(*this, place);
      return slots_[place];
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    return slots_[place];
  }

  void give_back(slot& place) noexcept {
    const std::lock_guard lock(mutex_);
    free_.push_back(place.place);
  }

  // Fixed.
  const int batch_;
  const owned_fd epoll_;
  wake_event wake_;
  // Any thread.
  slab<slot> slots_;
  std::mutex mutex_;
  std::vector<std::uint32_t> free_;  // Under mutex_.
  // The thread that waits.
  bool counts_nanoseconds_ = true;
};

}  // namespace

std::shared_ptr<reactor> make_epoll_reactor(std::size_t batch) {
  return std::make_shared<epoll_reactor>(
      static_cast<int>(std::clamp<std::size_t>(batch, 1, largest_batch)));
}

}  // namespace magpie::io::internal
