// Fetches pages over HTTP/1.1, several at a time.
//
//   http_fetcher [-c CONCURRENT] [-t SECONDS] URL...
//
// At most CONCURRENT (8) at once, each within SECONDS (10); a URL is http://host[:port][/path].
// Prints status and size of each. The exit status is 1 if one of them could not be had.
// (A name server that does not answer may take longer: what blocks a thread cannot be cancelled.)
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "magpie/magpie.h"

// ------------------------------------------------------------------ one page

struct url {
  std::string host;
  std::string port = "80";
  std::string path = "/";
};

struct page {
  int status = 0;
  std::size_t bytes = 0;
};

url parse_url(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (!text.starts_with(scheme)) throw std::invalid_argument("a URL starts with http://");
  text.remove_prefix(scheme.size());
  url parsed;
  const std::size_t slash = std::min(text.find('/'), text.size());
  if (slash < text.size()) parsed.path = text.substr(slash);
  const std::string_view authority = text.substr(0, slash);
  const std::size_t colon = authority.find_last_of(":]");  // [::1]:80 has colons in brackets.
  if (colon != std::string_view::npos && authority[colon] == ':') {
    parsed.port = authority.substr(colon + 1);
    parsed.host = authority.substr(0, colon);
  } else {
    parsed.host = authority;
  }
  if (parsed.host.empty()) throw std::invalid_argument("a URL names a host");
  return parsed;
}

// Blocks: the C library asks a name server and waits for it.
std::vector<magpie::io::address> resolve(const url& target) {
  std::string name = target.host;
  if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  const int failed = ::getaddrinfo(name.c_str(), target.port.c_str(), &hints, &first);
  if (failed != 0) throw std::runtime_error(name + ": " + ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(first, ::freeaddrinfo);
  std::vector<magpie::io::address> found;
  for (const addrinfo* a = first; a != nullptr; a = a->ai_next) {
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    ::getnameinfo(a->ai_addr, a->ai_addrlen, host.data(), host.size(), port.data(), port.size(),
                  NI_NUMERICHOST | NI_NUMERICSERV);
    const std::string number =
        a->ai_family == AF_INET6 ? "[" + std::string(host.data()) + "]" : std::string(host.data());
    found.push_back(magpie::io::address::parse(number + ":" + port.data()));
  }
  return found;
}

magpie::task<magpie::io::tcp_stream> connect(const std::vector<magpie::io::address>& addresses) {
  std::error_code error;
  for (const magpie::io::address& where : addresses) {
    magpie::io::tcp_stream server = co_await magpie::io::tcp_stream::connect(where, error);
    if (!error) co_return server;
  }
  throw std::system_error(error, "no connection");
}

// The value of a header, in lower case; empty if there is none.
std::string header(const std::string& lower_case_head, const std::string& name) {
  const std::size_t at = lower_case_head.find("\r\n" + name + ":");
  if (at == std::string::npos) return {};
  const std::size_t value = lower_case_head.find_first_not_of(" \t", at + name.size() + 3);
  return lower_case_head.substr(value, lower_case_head.find("\r\n", value) - value);
}

// The size of a body that comes in chunks, each after a line with its size in hexadecimal.
std::size_t chunked_size(std::string_view body) {
  std::size_t total = 0;
  for (;;) {
    const std::size_t line = body.find("\r\n");
    if (line == std::string_view::npos) throw std::runtime_error("the answer was cut short");
    const std::size_t size = std::stoul(std::string(body.substr(0, line)), nullptr, 16);
    if (size == 0) return total;
    if (body.size() < line + 2 + size + 2) throw std::runtime_error("the answer was cut short");
    total += size;
    body.remove_prefix(line + 2 + size + 2);
  }
}

page parse_answer(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.") || end == std::string::npos || end < 12) {
    throw std::runtime_error("the answer is not HTTP/1.1");
  }
  std::string head = answer.substr(0, end + 2);
  std::transform(head.begin(), head.end(), head.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  page parsed;
  parsed.status = std::stoi(head.substr(9, 3));
  parsed.bytes = answer.size() - (end + 4);
  const std::string length = header(head, "content-length");
  if (header(head, "transfer-encoding") == "chunked") {
    parsed.bytes = chunked_size(std::string_view(answer).substr(end + 4));
  } else if (!length.empty() && parsed.bytes < std::stoul(length)) {
    throw std::runtime_error("the answer was cut short");
  }
  return parsed;
}

magpie::task<page> fetch(std::string address) {
  constexpr std::size_t most = std::size_t{64} << 20U;
  const url target = parse_url(address);
  const auto addresses = co_await magpie::blocking([&] { return resolve(target); });
  magpie::io::tcp_stream server = co_await connect(addresses);
  const std::string request = "GET " + target.path + " HTTP/1.1\r\nHost: " + target.host + ":" +
                              target.port + "\r\nConnection: close\r\n\r\n";
  co_await server.write(std::as_bytes(std::span(request)));
  std::string answer;
  std::array<std::byte, 16384> buffer;
  for (;;) {
    const std::size_t size = co_await server.read(buffer);
    if (size == 0) break;
    answer.append(reinterpret_cast<const char*>(buffer.data()), size);
    if (answer.size() > most) throw std::runtime_error("the answer is longer than 64 MiB");
  }
  co_return parse_answer(answer);
}

// ------------------------------------------------------------------ a limit on its time

struct finished {};

magpie::task<> keep(magpie::task<page> fetching, std::optional<page>& result) {
  result = co_await std::move(fetching);
  throw finished();
}

magpie::task<> expire(magpie::clock::duration limit) {
  co_await magpie::sleep_for(limit);
  throw std::runtime_error("timed out");
}

// gather cancels the other tasks when one throws, and waits for them: here the first of two.
magpie::task<page> within(magpie::clock::duration limit, magpie::task<page> fetching) {
  std::optional<page> result;
  try {
    co_await magpie::gather(keep(std::move(fetching), result), expire(limit));
  } catch (const finished&) {
    // The page is there.
  }
  co_return *result;
}

// ------------------------------------------------------------------ many pages

struct order {
  std::string url;
  std::optional<page> result;
  std::string error;
};

// Takes one URL after another until none is left: as many of these run as pages may be fetched at
// once. Each order belongs to the one that took it.
magpie::task<> fetch_in_turn(std::vector<order>& orders, std::atomic<std::size_t>& taken,
                             magpie::clock::duration limit) {
  for (std::size_t i = taken++; i < orders.size(); i = taken++) {
    try {
      orders[i].result = co_await within(limit, fetch(orders[i].url));
    } catch (const std::exception& error) {  // Not magpie::cancelled: that is no error.
      orders[i].error = error.what();
    }
  }
}

// How many could not be had.
magpie::task<std::size_t> http_fetcher(std::ostream& out, std::vector<std::string> urls,
                                       std::size_t concurrent, magpie::clock::duration limit) {
  std::vector<order> orders;
  for (std::string& url : urls)
    orders.push_back({std::move(url), {}, {}});
  std::atomic<std::size_t> taken = 0;
  std::vector<magpie::task<>> fetchers;
  for (std::size_t i = 0; i < std::min(concurrent, orders.size()); ++i)
    fetchers.push_back(fetch_in_turn(orders, taken, limit));
  co_await magpie::gather(std::move(fetchers));

  std::size_t failed = 0;
  for (const order& done : orders) {
    if (done.result) {
      out << done.result->status << ' ' << done.result->bytes << " bytes  " << done.url << '\n';
    } else {
      out << "failed  " << done.url << ": " << done.error << '\n';
      ++failed;
    }
  }
  co_return failed;
}

// What stands behind an option.
double positive_number(std::string_view option, const std::string& text) {
  std::size_t used = 0;
  double number = 0;
  try {
    number = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used != text.size() || !(number > 0 && number < 1e6)) {
    throw std::invalid_argument(std::string(option) + " takes a positive number");
  }
  return number;
}

int main(int argc, char** argv) {
  std::vector<std::string> urls;
  std::size_t concurrent = 8;
  std::chrono::milliseconds limit = std::chrono::seconds(10);
  try {
    for (int i = 1; i < argc; ++i) {
      const std::string_view argument = argv[i];
      if (argument == "-c" && i + 1 < argc) {
        concurrent = static_cast<std::size_t>(std::ceil(positive_number(argument, argv[++i])));
      } else if (argument == "-t" && i + 1 < argc) {
        limit = std::chrono::milliseconds(std::lround(1000 * positive_number(argument, argv[++i])));
      } else if (argument.starts_with("-")) {
        throw std::invalid_argument("unknown option " + std::string(argument));
      } else {
        urls.emplace_back(argument);
      }
    }
    if (urls.empty()) throw std::invalid_argument("no URL");
  } catch (const std::exception& error) {
    std::cerr << "http_fetcher: " << error.what()
              << "\nUsage: http_fetcher [-c CONCURRENT] [-t SECONDS] URL...\n";
    return 2;
  }
  return magpie::run(http_fetcher(std::cout, std::move(urls), concurrent, limit)) == 0 ? 0 : 1;
}
