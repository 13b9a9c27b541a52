#include "magpie/io/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <ostream>
#include <stdexcept>
#include <system_error>

namespace magpie::io {
namespace {

[[noreturn]] void refuse(std::string_view text, const char* why) {
  std::string printable(text);
  std::replace_if(printable.begin(), printable.end(), [](unsigned char c) { return c < ' '; }, '?');
  throw std::invalid_argument("magpie: '" + printable + "' is no address: " + why +
                              "; write 127.0.0.1:80 or [::1]:80");
}

// Decimal digits and nothing else.
template <class Number>
bool read_number(std::string_view digits, Number& number) {
  if (digits.empty() || digits.front() == '-') return false;
  const char* begin = digits.data();
  const char* end = begin + digits.size();
  const auto [stopped, error] = std::from_chars(begin, end, number);
  return error == std::errc() && stopped == end;
}

std::uint16_t read_port(std::string_view text, std::string_view digits) {
  std::uint16_t port = 0;
  if (digits.empty()) refuse(text, "the port is missing");
  if (!read_number(digits, port)) refuse(text, "the port is no number from 0 to 65535");
  return port;
}

address parse_v4(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) refuse(text, "the port is missing");
  if (text.find(':', colon + 1) != std::string_view::npos) {
    refuse(text, "an IPv6 address stands in square brackets");
  }
  const std::string host(text.substr(0, colon));
  std::array<std::uint8_t, 4> bytes{};
  // A zero byte would end the text early.
  const bool whole = host.find('\0') == std::string::npos;
  if (!whole || ::inet_pton(AF_INET, host.c_str(), bytes.data()) != 1) {
    refuse(text, "an IPv4 address is four numbers from 0 to 255");
  }
  return address::v4(bytes, read_port(text, text.substr(colon + 1)));
}

address parse_v6(std::string_view text) {
  const std::size_t bracket = text.find(']');
  if (bracket == std::string_view::npos) refuse(text, "there is no closing bracket");
  const std::string_view inside = text.substr(1, bracket - 1);
  const std::string_view rest = text.substr(bracket + 1);
  const std::size_t percent = inside.find('%');
  std::uint32_t scope = 0;
  if (percent != std::string_view::npos && !read_number(inside.substr(percent + 1), scope)) {
    refuse(text, "after % comes the number of an interface");
  }
  const std::string host(inside.substr(0, percent));
  std::array<std::uint8_t, 16> bytes{};
  const bool whole = host.find('\0') == std::string::npos;
  if (!whole || ::inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) {
    refuse(text, "that is no IPv6 address in the brackets");
  }
  if (rest.empty() || rest.front() != ':') refuse(text, "the port is missing");
  return address::v6(bytes, read_port(text, rest.substr(1)), scope);
}

}  // namespace

address address::parse(std::string_view text) {
  if (text.empty()) refuse(text, "it is empty");
  return text.front() == '[' ? parse_v6(text) : parse_v4(text);
}

address address::loopback(std::uint16_t port) noexcept {
  return v4({127, 0, 0, 1}, port);
}

address address::loopback_v6(std::uint16_t port) noexcept {
  return v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, port);
}

address address::any(std::uint16_t port) noexcept {
  return v4({}, port);
}

address address::any_v6(std::uint16_t port) noexcept {
  return v6({}, port);
}

address address::v4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) noexcept {
  address made;
  std::copy(bytes.begin(), bytes.end(), made.bytes_.begin());
  made.port_ = port;
  return made;
}

address address::v6(const std::array<std::uint8_t, 16>& bytes, std::uint16_t port,
                    std::uint32_t scope) noexcept {
  address made;
  made.is_v6_ = true;
  made.bytes_ = bytes;
  made.scope_ = scope;
  made.port_ = port;
  return made;
}

address address::with_port(std::uint16_t port) const noexcept {
  address made = *this;
  made.port_ = port;
  return made;
}

std::string address::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> host{};
  ::inet_ntop(is_v6_ ? AF_INET6 : AF_INET, bytes_.data(), host.data(), host.size());
  std::string text = host.data();
  if (scope_ != 0) text += '%' + std::to_string(scope_);
  if (is_v6_) text = '[' + text + ']';
  return text + ':' + std::to_string(port_);
}

std::ostream& operator<<(std::ostream& out, const address& printed) {
  return out << printed.to_string();
}

}  // namespace magpie::io
