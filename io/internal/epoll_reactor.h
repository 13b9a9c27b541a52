// The reactor on epoll(7).
#ifndef MAGPIE_IO_INTERNAL_EPOLL_REACTOR_H_
#define MAGPIE_IO_INTERNAL_EPOLL_REACTOR_H_

#include <cstddef>
#include <memory>

#include "magpie/io/internal/reactor.h"

namespace magpie::io::internal {

// Takes so many events at once, 1 to 256. Throws std::system_error, std::bad_alloc.
std::shared_ptr<reactor> make_epoll_reactor(std::size_t batch = 256);

}  // namespace magpie::io::internal

#endif  // MAGPIE_IO_INTERNAL_EPOLL_REACTOR_H_
