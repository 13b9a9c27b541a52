// The system calls that make and name sockets.
#ifndef MAGPIE_IO_INTERNAL_SOCKET_H_
#define MAGPIE_IO_INTERNAL_SOCKET_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <system_error>

#include "magpie/io/address.h"
#include "magpie/io/internal/descriptor.h"

namespace magpie::io::internal {

// An address as the kernel takes and gives it.
class socket_name {
 public:
  // Room for one that the kernel gives.
  socket_name() noexcept = default;
  explicit socket_name(const address& from) noexcept;

  sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage_); }
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const noexcept { return length_; }
  socklen_t* length_out() noexcept { return &length_; }

  // 0.0.0.0:0 for a family that is neither IPv4 nor IPv6.
  io::address address() const noexcept;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = sizeof(sockaddr_storage);
};

// A stream socket, non-blocking, closed on exec; null and errno in `error` if the system refuses.
std::shared_ptr<descriptor> make_stream_socket(const address& family_of, int& error);

// Owns the descriptor from now on, also if it throws std::bad_alloc.
std::shared_ptr<descriptor> adopt(int fd);

// As setsockopt(2) of an int. 0 or errno.
int set_option(descriptor& socket, int level, int name, int value) noexcept;

// What getsockname(2) says. 0 or errno.
int local_name(descriptor& socket, address& name) noexcept;

// "magpie: <operation> <where>: <what the system says>"
[[noreturn]] void throw_error(int error, const char* operation, const address& where);

// Where the outcome of an operation goes: into the caller's error_code if there is one, else it is
// thrown.
void deliver(int error, std::error_code* out, const char* operation, const address& where);

}  // namespace magpie::io::internal

#endif  // MAGPIE_IO_INTERNAL_SOCKET_H_
