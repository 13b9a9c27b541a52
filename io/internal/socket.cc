#include "magpie/io/internal/socket.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace magpie::io::internal {

socket_name::socket_name(const io::address& from) noexcept {
  if (from.is_v6()) {
    sockaddr_in6 name{};
    name.sin6_family = AF_INET6;
    name.sin6_port = htons(from.port());
    name.sin6_scope_id = from.scope();
    std::memcpy(&name.sin6_addr, from.bytes().data(), sizeof name.sin6_addr);
    std::memcpy(&storage_, &name, sizeof name);
    length_ = sizeof name;
  } else {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(from.port());
    std::memcpy(&name.sin_addr, from.bytes().data(), sizeof name.sin_addr);
    std::memcpy(&storage_, &name, sizeof name);
    length_ = sizeof name;
  }
}

io::address socket_name::address() const noexcept {
  if (storage_.ss_family == AF_INET) {
    sockaddr_in name{};
    std::memcpy(&name, &storage_, sizeof name);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &name.sin_addr, bytes.size());
    return io::address::v4(bytes, ntohs(name.sin_port));
  }
  if (storage_.ss_family == AF_INET6) {
    sockaddr_in6 name{};
    std::memcpy(&name, &storage_, sizeof name);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &name.sin6_addr, bytes.size());
    return io::address::v6(bytes, ntohs(name.sin6_port), name.sin6_scope_id);
  }
  return {};
}

std::shared_ptr<descriptor> make_stream_socket(const address& family_of, int& error) {
  const int family = family_of.is_v6() ? AF_INET6 : AF_INET;
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  error = fd < 0 ? errno : 0;
  return fd < 0 ? nullptr : adopt(fd);
}

std::shared_ptr<descriptor> adopt(int fd) {
  try {
    return std::make_shared<descriptor>(fd);
  } catch (...) {
    ::close(fd);
    throw;
  }
}

int set_option(descriptor& socket, int level, int name, int value) noexcept {
  return static_cast<int>(
      -socket.call([&](int fd) { return ::setsockopt(fd, level, name, &value, sizeof value); }));
}

int local_name(descriptor& socket, address& name) noexcept {
  socket_name found;
  const auto result =
      socket.call([&](int fd) { return ::getsockname(fd, found.get(), found.length_out()); });
  if (result == 0) name = found.address();
  return static_cast<int>(-result);
}

void throw_error(int error, const char* operation, const address& where) {
  throw std::system_error(error, std::system_category(),
                          std::string("magpie: ") + operation + ' ' + where.to_string());
}

void deliver(int error, std::error_code* out, const char* operation, const address& where) {
  if (out != nullptr) {
    out->assign(error, std::system_category());
  } else if (error != 0) {
    throw_error(error, operation, where);
  }
}

}  // namespace magpie::io::internal
