// co_await readiness: until a descriptor may have become ready in one direction.
//
//   sighting seen;
//   ssize_t n = from.attempt(direction::read, seen, [](int fd) { return ::recv(fd, ...); });
//   if (n == -EAGAIN) {
//     readiness ready(from, direction::read, seen);
//     const int failure = co_await ready;   // 0: try again
//   }
#ifndef MAGPIE_IO_INTERNAL_READINESS_H_
#define MAGPIE_IO_INTERNAL_READINESS_H_

#include <coroutine>

#include "magpie/io/internal/descriptor.h"
#include "magpie/runtime/clock.h"
#include "magpie/runtime/deadline.h"

namespace magpie::io::internal {

class readiness : public operation {
 public:
  // `on` outlives it.
  readiness(descriptor& on, direction d, sighting seen,
            clock::time_point until = clock::time_point::max()) noexcept
      : on_(on), direction_(d), seen_(seen), deadline_(*this, until) {}

  static bool await_ready() noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> who) {
    return start(who.promise());
  }

  // 0: try again. ETIMEDOUT: `until` has come. Another errno: the descriptor cannot be watched.
  // Throws `cancelled`.
  int await_resume();

 private:
  bool start(magpie::internal::promise_base& who);
  bool submit(registration& where, magpie::internal::promise_base& who) noexcept;
  // What completes it has withdrawn it before (registration::complete()).
  bool withdrawn() const noexcept { return won() == outcome::completed; }

  descriptor& on_;
  const direction direction_;
  sighting seen_;
  deadline deadline_;
  registration* where_ = nullptr;  // Set if arm() has been called.
  int error_ = 0;
};

}  // namespace magpie::io::internal

#endif  // MAGPIE_IO_INTERNAL_READINESS_H_
