#ifndef MAGPIE_BENCHMARKS_REPORT_SERVERS_ECHO_SERVER_H_
#define MAGPIE_BENCHMARKS_REPORT_SERVERS_ECHO_SERVER_H_

namespace magpie::bench {

// The other end of the ping-pong: sends back what it gets, with one blocking thread for each
// connection and nothing of magpie, so that every strategy meets the same peer. Prints its port
// on a line and serves until it is killed.
[[noreturn]] void serve_echo();

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_SERVERS_ECHO_SERVER_H_
