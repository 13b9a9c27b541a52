#include "magpie/benchmarks/report/http.h"

#include <array>
#include <span>
#include <stdexcept>
#include <utility>

#include "magpie/benchmarks/report/servers/file_tree.h"
#include "magpie/benchmarks/report/servers/socket.h"

namespace magpie::bench {
namespace {

constexpr std::size_t k_buffer = 4096;

}  // namespace

std::string request_for(std::size_t i) {
  return "GET /" + file_name(i) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
}

std::string body_of(std::string response) {
  constexpr std::string_view k_length = "Content-Length: ";
  const std::size_t end = response.find("\r\n\r\n");
  const std::size_t length = response.find(k_length);
  if (response.compare(0, 12, "HTTP/1.1 200") != 0 || end == std::string::npos || length > end) {
    throw std::runtime_error("unexpected response: " + response.substr(0, 60));
  }
  const std::size_t expected = std::stoul(response.substr(length + k_length.size(), 20));
  response.erase(0, end + 4);
  if (response.size() != expected) throw std::runtime_error("the response was cut off");
  return response;
}

pages::pages(const parameters& p)
    : port_(static_cast<std::uint16_t>(p.count("port"))), served_(p.count("served")) {}

std::string pages::fetch_blocking(std::size_t i) const {
  const descriptor socket = connect_loopback(port_);
  send_all(socket, request_for(i % served_));
  std::string response;
  char buffer[k_buffer];
  while (const std::size_t got = receive(socket, buffer, sizeof buffer)) {
    response.append(buffer, got);
  }
  return body_of(std::move(response));
}

task<std::string> pages::fetch(std::size_t i) const {
  io::tcp_stream stream = co_await io::tcp_stream::connect(io::address::loopback(port_));
  const std::string request = request_for(i % served_);
  co_await stream.write(std::as_bytes(std::span(request)));
  std::string response;
  std::array<char, k_buffer> buffer;
  while (true) {
    const std::size_t got = co_await stream.read(std::as_writable_bytes(std::span(buffer)));
    if (got == 0) break;
    response.append(buffer.data(), got);
  }
  co_return body_of(std::move(response));
}

}  // namespace magpie::bench
