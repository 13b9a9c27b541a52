// http: a server, which is a process of its own, and a client, which is another with one thread.
// Each row is one run of one or two seconds; its figures are the server's:
//
//   cpu_s_per_100k, user_s_per_100k   CPU seconds for 100,000 requests, and the part in user mode
//   requests_per_s                    what the client got done
//   p50_us, p99_us                    how long its requests took
//
// Beside them wall_ns and cpu_ns, for one request, as in every suite. Programs:
//
//   connections_1, _64, _512  wrk: on each connection one request is on its way, and the answer is
//                             the same few bytes.
//   churn     16 at once: connect, one request, close.
//   mixed     as connections_64 with 16, beside as many tasks as workers that compute for 2 ms at
//             a time on the workers.
//   echo_1k, echo_64k         64 connections with 1 KiB, 16 with 64 KiB there and back.
//
// Runtimes: magpie, and on connections_64 and mixed without one technique of the hand-over each:
// magpie_dedicated (the I/O thread always polls, and no idle worker does), magpie_eager (events
// wake another worker at once), magpie_single (each event is collected alone); epoll (a plain loop
// in each thread: the limit). With peers: tokio, asio, go (on TCP), nginx, libuv, asyncio, uvloop.
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "magpie/benchmarks/peer_process.h"
#include "magpie/benchmarks/report/process.h"
#include "magpie/benchmarks/report/servers/nginx.h"
#include "magpie/benchmarks/suite.h"

namespace magpie::benchmarks {
namespace {

using namespace std::chrono_literals;
using bench::process;

// ---------------------------------------------------------------------------------- the server

struct cpu_seconds {
  double all = 0;
  double user = 0;  // Counted by ticks: exact enough only over many requests.
};

cpu_seconds cpu_of(pid_t id) {
  clockid_t clock = 0;
  std::timespec time{};
  if (::clock_getcpuclockid(id, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    throw std::runtime_error("the server has ended");
  }
  std::ifstream file("/proc/" + std::to_string(id) + "/stat");
  std::string stat;
  std::getline(file, stat);
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i)
    fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  return {static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9,
          ticks / static_cast<double>(::sysconf(_SC_CLK_TCK))};
}

// Of the process and those that it has started.
cpu_seconds cpu_of_all(pid_t id) {
  cpu_seconds sum = cpu_of(id);
  const std::string own = std::to_string(id);
  std::ifstream children("/proc/" + own + "/task/" + own + "/children");
  for (pid_t child = 0; children >> child;) {
    const cpu_seconds more = cpu_of(child);
    sum.all += more.all;
    sum.user += more.user;
  }
  return sum;
}

// ---------------------------------------------------------------------------------- the client

struct load_result {
  double requests = 0;
  double seconds = 0;
  double p50_us = 0;
  double p99_us = 0;
};

struct load {
  std::string program;                   // Of the server.
  std::vector<std::string> before_port;  // The words of the client.
  std::vector<std::string> after_port;
  bool wrk;
};

// "123.45us", "1.23ms", "1.20s"
double microseconds(const std::string& text) {
  std::size_t used = 0;
  const double number = std::stod(text, &used);
  const std::string unit = text.substr(used);
  return number * (unit == "s" ? 1e6 : unit == "ms" ? 1e3 : 1);
}

load_result read_wrk(const std::string& output) {
  load_result result;
  std::istringstream words(output);
  std::string before;
  for (std::string word; words >> word; before = word) {
    if (before == "50%") result.p50_us = microseconds(word);
    if (before == "99%") result.p99_us = microseconds(word);
    if (word == "requests") {
      result.requests = std::stod(before);
      std::string in;
      std::string time;
      words >> in >> time;
      result.seconds = microseconds(time.substr(0, time.find(','))) * 1e-6;
    }
    if (word == "errors:" || word == "Non-2xx") throw std::runtime_error("wrk: " + output);
  }
  return result;
}

load_result read_own(const std::string& output) {
  load_result result;
  std::istringstream(output) >> result.requests >> result.seconds >> result.p50_us >> result.p99_us;
  return result;
}

load_result put_load(const load& asked, const std::string& port) {
  std::vector<std::string> words = asked.before_port;
  if (asked.wrk) {
    words.push_back("http://127.0.0.1:" + port + "/");
  } else {
    words.push_back(port);
  }
  words.insert(words.end(), asked.after_port.begin(), asked.after_port.end());
  process client(words);
  const std::string output = client.read_all(20s);
  if (client.wait() != 0) throw std::runtime_error(words[0] + ": " + client.errors());
  const load_result result = asked.wrk ? read_wrk(output) : read_own(output);
  if (result.requests == 0) throw std::runtime_error(words[0] + ": no request was answered");
  return result;
}

// ---------------------------------------------------------------------------------- the rows

// What is called is SERVER PROGRAM WORKERS [VARIANT] (servers/server.h).
void run_row(benchmark::State& state, const std::vector<std::string>& words, const load& asked) {
  try {
    for (auto _ : state) {
      process server(words);
      const std::string port = server.read_line(10s);
      if (!bench::wait_for_port(static_cast<std::uint16_t>(std::stoul(port)), 5s)) {
        throw std::runtime_error("it does not listen");
      }
      const cpu_seconds before = cpu_of_all(server.id());
      const load_result result = put_load(asked, port);
      const cpu_seconds after = cpu_of_all(server.id());
      const double all = (after.all - before.all) / result.requests;
      state.counters["cpu_s_per_100k"] = all * 1e5;
      state.counters["user_s_per_100k"] = (after.user - before.user) / result.requests * 1e5;
      state.counters["requests_per_s"] = result.requests / result.seconds;
      state.counters["p50_us"] = result.p50_us;
      state.counters["p99_us"] = result.p99_us;
      state.counters["wall_ns"] = result.seconds / result.requests * 1e9;
      state.counters["cpu_ns"] = all * 1e9;
      state.SetIterationTime(result.seconds);
    }
  } catch (const std::exception& error) {
    state.SkipWithError((words[0] + ": " + error.what()).c_str());
  }
}

// The part in user mode is counted by ticks, which needs two seconds to say something.
load wrk(const std::string& program, const std::string& connections, const char* seconds = "2") {
  const std::string path = bench::find_program("wrk").value_or("wrk");
  return {program,
          {path, "-t1", "-c" + connections, "-d" + std::string(seconds), "--latency"},
          {},
          true};
}

load own(const std::string& program, const std::string& mode, const std::string& connections,
         const std::string& bytes = "") {
  const std::string path =
      (std::filesystem::path(bench::own_binary()).parent_path() / "servers" / "load").string();
  std::vector<std::string> after = {connections, "1"};
  if (!bytes.empty()) after.push_back(bytes);
  return {program, {path, mode}, after, false};
}

struct server {
  std::string runtime;
  std::string path;
  std::vector<std::size_t> workers;
  std::vector<std::string> programs;
  std::string variant;
  bool all_loads = true;
};

void add_rows_of(const server& one) {
  const std::pair<std::string, load> all[] = {
      {"connections_1", wrk("reply", "1")},
      {"connections_64", wrk("reply", "64")},
      {"connections_512", wrk("reply", "512")},
      {"churn", own("reply", "churn", "16")},
      {"mixed", wrk("mixed", "16", "1")},
      {"echo_1k", own("echo", "echo", "64", "1024")},
      {"echo_64k", own("echo", "echo", "16", "65536")},
  };
  for (const auto& [name, asked] : all) {
    if (std::find(one.programs.begin(), one.programs.end(), asked.program) == one.programs.end()) {
      continue;
    }
    if (!one.all_loads && name != "connections_64" && name != "mixed") continue;
    for (const std::size_t workers : one.workers) {
      std::vector<std::string> words = {one.path, asked.program, std::to_string(workers)};
      if (!one.variant.empty()) words.push_back(one.variant);
      const std::string full = "http/" + name + "/" + one.runtime + "/" + std::to_string(workers);
      benchmark::RegisterBenchmark(
          full.c_str(),
          [words, load = asked](benchmark::State& state) { run_row(state, words, load); })
          ->UseManualTime()
          ->Iterations(1);
    }
  }
}

void register_rows(const std::string& peers) {
  bench::raise_descriptor_limit();
  const std::string own = std::filesystem::path(bench::own_binary()).parent_path() / "servers";
  const std::vector<std::string> all = {"reply", "echo", "mixed"};
  const std::vector<std::string> no_mixed = {"reply", "echo"};
  const auto counts = worker_counts();
  add_rows_of({"magpie", own + "/magpie_server", counts, all, ""});
  for (const std::string variant : {"dedicated", "eager", "single"})
    add_rows_of({"magpie_" + variant, own + "/magpie_server", counts, all, variant, false});
  add_rows_of({"epoll", own + "/epoll_server", counts, no_mixed, ""});
  for (const server& peer :
       {server{"tokio", "tokio_http", counts, all, ""},
        server{"asio", "asio_http", counts, all, ""}, server{"go", "go_http", counts, all, ""},
        server{"nginx", "nginx_http", counts, {"reply"}, ""},
        server{"libuv", "uv_http", {1}, no_mixed, ""},
        server{"asyncio", "python_http", {1}, {"reply"}, ""},
        server{"uvloop", "python_http", {1}, {"reply"}, "uvloop"}}) {
    if (!has_peer(peers, peer.path)) continue;
    server found = peer;
    found.path = peers + "/" + peer.path;
    add_rows_of(found);
  }
}

const bool registered = (add_rows_with_peers(register_rows), true);

}  // namespace
}  // namespace magpie::benchmarks
