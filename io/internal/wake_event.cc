#include "magpie/io/internal/wake_event.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "magpie/io/internal/kernel_time.h"

namespace magpie::io::internal {
namespace {

int make_eventfd() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw std::system_error(errno, std::system_category(), "magpie: eventfd");
  return fd;
}

}  // namespace

wake_event::wake_event() : fd_(make_eventfd()) {}

wake_event::~wake_event() {
  ::close(fd_);
}

void wake_event::signal() noexcept {
  const std::uint64_t one = 1;
  // Fails only if the counter is full, and then it has been signalled.
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

void wake_event::wait(clock::duration limit) noexcept {
  pollfd waited{fd_, POLLIN, 0};
  timespec storage{};
  if (::ppoll(&waited, 1, kernel_time(limit, storage), nullptr) <= 0) return;
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = ::read(fd_, &count, sizeof count);
}

}  // namespace magpie::io::internal
