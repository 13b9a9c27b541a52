// Where a socket is: an IPv4 or IPv6 address and a port.
#ifndef MAGPIE_IO_ADDRESS_H_
#define MAGPIE_IO_ADDRESS_H_

#include <array>
#include <compare>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace magpie::io {

// A value; any thread. Two are equal if they name the same place in the same family: 127.0.0.1 and
// ::ffff:127.0.0.1 differ.
class address {
 public:
  // 0.0.0.0:0
  address() noexcept = default;

  // Numbers only, no names: "127.0.0.1:80", "[::1]:80", "[fe80::1%2]:80" (%2: the interface's
  // index). Anything else: throws std::invalid_argument, which says what is wrong.
  static address parse(std::string_view text);

  // This machine. Port 0 lets bind() choose one.
  static address loopback(std::uint16_t port) noexcept;
  static address loopback_v6(std::uint16_t port) noexcept;

  // Every address of this machine, to listen on.
  static address any(std::uint16_t port) noexcept;
  static address any_v6(std::uint16_t port) noexcept;

  // From bytes in network order, as the kernel gives them.
  static address v4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) noexcept;
  static address v6(const std::array<std::uint8_t, 16>& bytes, std::uint16_t port,
                    std::uint32_t scope = 0) noexcept;

  bool is_v6() const noexcept { return is_v6_; }
  std::uint16_t port() const noexcept { return port_; }
  // Four bytes and zeros for IPv4; in network order.
  const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
  // The interface of a link-local IPv6 address, else 0.
  std::uint32_t scope() const noexcept { return scope_; }

  address with_port(std::uint16_t port) const noexcept;

  // What parse() reads.
  std::string to_string() const;
  friend std::ostream& operator<<(std::ostream& out, const address& printed);

  friend auto operator<=>(const address&, const address&) = default;

 private:
  bool is_v6_ = false;
  std::array<std::uint8_t, 16> bytes_{};
  std::uint32_t scope_ = 0;
  std::uint16_t port_ = 0;
};

}  // namespace magpie::io

#endif  // MAGPIE_IO_ADDRESS_H_
