#ifndef MAGPIE_BENCHMARKS_REPORT_SERVERS_DELAY_PROXY_H_
#define MAGPIE_BENCHMARKS_REPORT_SERVERS_DELAY_PROXY_H_

#include <chrono>
#include <cstdint>

namespace magpie::bench {

// Puts a network's latency in front of a server of this machine, which nginx cannot do without
// further modules: everything that a client sends is held for `latency` and then passed on to
// 127.0.0.1:`upstream`; what comes back is passed on at once. One thread, epoll and a queue,
// and nothing of magpie, so that every strategy meets the same server. Prints its port on a
// line and serves until it is killed.
[[noreturn]] void serve_delayed(std::uint16_t upstream, std::chrono::microseconds latency);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_SERVERS_DELAY_PROXY_H_
