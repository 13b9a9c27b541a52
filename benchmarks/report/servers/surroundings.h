#ifndef MAGPIE_BENCHMARKS_REPORT_SERVERS_SURROUNDINGS_H_
#define MAGPIE_BENCHMARKS_REPORT_SERVERS_SURROUNDINGS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "magpie/benchmarks/report/parameters.h"
#include "magpie/benchmarks/report/process.h"
#include "magpie/benchmarks/report/servers/file_tree.h"
#include "magpie/benchmarks/report/servers/nginx.h"
#include "magpie/benchmarks/report/servers/temporary_folder.h"
#include "magpie/benchmarks/report/workload.h"

namespace magpie::bench {

// The servers and files around the measured processes, each made when the first workload needs
// it. Everything lives below one temporary folder and ends with the object.
class surroundings {
 public:
  explicit surroundings(scale size);

  // The addresses, paths and times that the workload's runs are given. Throws
  // std::runtime_error when something that it needs cannot be had, saying what is missing.
  parameters provide(const workload& w);

  // The servers that run now.
  std::vector<pid_t> running() const;

  // "nginx/1.22.1", or empty as long as none was started.
  std::string nginx_version() const { return nginx_ ? nginx_->version() : std::string(); }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  const file_tree& files();
  // The proxy in front of nginx.
  std::uint16_t http_port(std::size_t latency_us);
  std::uint16_t echo_port();
  double kernel_us();

  const scale size_;
  temporary_folder folder_;
  std::optional<file_tree> files_;
  std::optional<nginx> nginx_;
  std::optional<process> proxy_;
  std::uint16_t proxy_port_ = 0;
  std::size_t proxy_latency_us_ = 0;
  std::optional<process> echo_;
  std::uint16_t echo_port_ = 0;
  std::optional<double> kernel_us_;
};

// Runs a server that is started as `report --serve WORDS...`; returns only to refuse.
int serve(const std::vector<std::string>& words);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_SERVERS_SURROUNDINGS_H_
