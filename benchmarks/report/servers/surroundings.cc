#include "magpie/benchmarks/report/servers/surroundings.h"

#include <chrono>
#include <cstdio>

#include "magpie/benchmarks/report/kernels.h"
#include "magpie/benchmarks/report/servers/delay_proxy.h"
#include "magpie/benchmarks/report/servers/echo_server.h"
#include "magpie/benchmarks/report/statistics.h"

namespace magpie::bench {
namespace {

using namespace std::chrono_literals;

// More would not fit into caches of the server, and fewer would all be alike.
constexpr std::size_t k_served_files = 512;

std::uint16_t port_of(process& server) {
  return static_cast<std::uint16_t>(std::stoul(server.read_line(5s)));
}

}  // namespace

surroundings::surroundings(scale size) : size_(size) {}

const file_tree& surroundings::files() {
  if (!files_)
    files_ = make_file_tree(folder_.path() / "files", at_scale<std::size_t>(size_, 64, 2000, 8000));
  return *files_;
}

std::uint16_t surroundings::http_port(std::size_t latency_us) {
  if (!nginx_) nginx_.emplace(files().root, folder_.path() / "nginx");
  if (!proxy_ || proxy_latency_us_ != latency_us) {
    proxy_.reset();
    proxy_.emplace(std::vector<std::string>{own_binary(), "--serve", "delay",
                                            std::to_string(nginx_->port()),
                                            std::to_string(latency_us)});
    proxy_port_ = port_of(*proxy_);
    proxy_latency_us_ = latency_us;
  }
  return proxy_port_;
}

std::uint16_t surroundings::echo_port() {
  if (!echo_) {
    echo_.emplace(std::vector<std::string>{own_binary(), "--serve", "echo"});
    echo_port_ = port_of(*echo_);
  }
  return echo_port_;
}

double surroundings::kernel_us() {
  if (!kernel_us_) {
    std::vector<double> times;
    for (int i = 0; i < 15; ++i) {
      const auto start = steady::now();
      keep(digest(std::string(4096, 'x'), k_digest_passes));
      times.push_back(microseconds_between(start, steady::now()));
    }
    kernel_us_ = median(std::move(times));
  }
  return *kernel_us_;
}

std::vector<pid_t> surroundings::running() const {
  std::vector<pid_t> found;
  if (nginx_) found.push_back(nginx_->id());
  if (proxy_) found.push_back(proxy_->id());
  if (echo_) found.push_back(echo_->id());
  return found;
}

parameters surroundings::provide(const workload& w) {
  parameters result = w.sizes(size_);
  if (w.around.nginx) {
    const std::size_t port = http_port(result.count("latency_us"));
    result.set("port", port).set("served", std::min(files().files, k_served_files));
  }
  if (w.around.files) {
    result.set("root", files().root.string()).set("files", files().files);
    result.set("scratch", folder_.path().string());
  }
  if (w.around.echo) result.set("port", echo_port());
  if (w.around.kernel_time) result.set("kernel_us", kernel_us());
  return result;
}

int serve(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "echo") serve_echo();
  if (words.size() == 3 && words[0] == "delay") {
    serve_delayed(static_cast<std::uint16_t>(std::stoul(words[1])),
                  std::chrono::microseconds(std::stoul(words[2])));
  }
  std::fprintf(stderr, "report: --serve is the report's own: echo, or delay PORT MICROSECONDS\n");
  return 2;
}

}  // namespace magpie::bench
