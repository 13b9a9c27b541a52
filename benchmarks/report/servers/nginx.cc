#include "magpie/benchmarks/report/servers/nginx.h"

#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "magpie/benchmarks/report/servers/socket.h"

namespace magpie::bench {
namespace {

using namespace std::chrono_literals;

// Everything that nginx would keep in the system's folders goes to its own; with one process
// (no master) it stays the user that it is, also for the owner of those folders, and killing it
// leaves nothing behind.
constexpr std::string_view k_configuration = R"(
daemon off;
master_process off;
worker_rlimit_nofile 16384;
pid $FOLDER/pid;
error_log $FOLDER/error.log warn;
events { worker_connections 8192; }
http {
  access_log off;
  default_type text/plain;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=4096;
  client_body_temp_path $FOLDER/body;
  proxy_temp_path $FOLDER/proxy;
  fastcgi_temp_path $FOLDER/fastcgi;
  uwsgi_temp_path $FOLDER/uwsgi;
  scgi_temp_path $FOLDER/scgi;
  server {
    listen 127.0.0.1:$PORT backlog=4096;
    root $ROOT;
  }
}
)";

void replace_all(std::string& text, std::string_view what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

std::string configuration(const std::filesystem::path& root, const std::filesystem::path& folder,
                          std::uint16_t port) {
  std::string text(geteuid() == 0 ? "user root root;" : "");
  text += k_configuration;
  replace_all(text, "$FOLDER", folder.string());
  replace_all(text, "$PORT", std::to_string(port));
  replace_all(text, "$ROOT", root.string());
  return text;
}

std::string version_of(const std::string& program) {
  process asked({program, "-v"});
  asked.read_all(5s);
  asked.wait();
  const std::string said = asked.errors();
  const std::size_t at = said.find("nginx/");
  return at == std::string::npos ? "nginx" : said.substr(at, said.find_first_of(" \n", at) - at);
}

}  // namespace

std::uint16_t free_port() {
  return listener().port();
}

bool wait_for_port(std::uint16_t port, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < deadline) {
    try {
      connect_loopback(port);
      return true;
    } catch (const std::system_error&) {
      std::this_thread::sleep_for(10ms);
    }
  }
  return false;
}

nginx::nginx(const std::filesystem::path& root, const std::filesystem::path& folder) {
  const auto program = find_program("nginx", {"/usr/sbin/nginx"});
  if (!program) {
    throw std::runtime_error(
        "nginx is not installed (apt-get install nginx-light), so nothing serves the requests");
  }
  version_ = version_of(*program);
  std::filesystem::create_directories(folder);
  // Another process may take the port between our asking and nginx's listening.
  for (int attempt = 0; attempt < 3; ++attempt) {
    port_ = free_port();
    const std::string file = (folder / "nginx.conf").string();
    std::ofstream(file) << configuration(root, folder, port_);
    server_.emplace(std::vector<std::string>{*program, "-p", folder.string(), "-c", file, "-e",
                                             (folder / "error.log").string()});
    if (wait_for_port(port_, 3s) && server_->running()) return;
  }
  throw std::runtime_error("nginx does not answer: " + server_->errors());
}

}  // namespace magpie::bench
