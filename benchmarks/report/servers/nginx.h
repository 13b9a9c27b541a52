#ifndef MAGPIE_BENCHMARKS_REPORT_SERVERS_NGINX_H_
#define MAGPIE_BENCHMARKS_REPORT_SERVERS_NGINX_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "magpie/benchmarks/report/process.h"

namespace magpie::bench {

// A real nginx of the report's own: own configuration, own folder, a free port of the loopback
// interface, one process, ended with the object.
class nginx {
 public:
  // Serves the files below `root`; keeps its own files in `folder`. Throws std::runtime_error
  // when there is no nginx or it does not answer.
  nginx(const std::filesystem::path& root, const std::filesystem::path& folder);

  std::uint16_t port() const { return port_; }
  pid_t id() const { return server_->id(); }
  // As nginx -v says it, such as "nginx/1.22.1".
  const std::string& version() const { return version_; }

 private:
  std::string version_;
  std::uint16_t port_ = 0;
  std::optional<process> server_;
};

// A port of the loopback interface that was free a moment ago.
std::uint16_t free_port();

// Whether somebody accepts connections there within the time.
bool wait_for_port(std::uint16_t port, std::chrono::milliseconds limit);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_SERVERS_NGINX_H_
