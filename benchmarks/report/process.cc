#include "magpie/benchmarks/report/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace magpie::bench {
namespace {

volatile std::sig_atomic_t stopping = 0;

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// In the new process, between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(char* const* words, pid_t parent, int output, int errors) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, 0);
  dup2(output, 1);
  dup2(errors, 2);
  execv(words[0], words);
  const char message[] = "cannot be executed\n";
  [[maybe_unused]] const ssize_t written = write(2, message, sizeof message - 1);
  _exit(127);
}

}  // namespace

void stop_on_signals() {
  struct sigaction action{};
  action.sa_handler = [](int) { stopping = 1; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

process::process(const std::vector<std::string>& words) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
  output_ = ends[0];
  errors_ = memfd_create("errors", MFD_CLOEXEC);
  std::vector<char*> arguments;
  for (const std::string& word : words)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(arguments.data(), parent, ends[1], errors_);
  const int error = errno;
  close(ends[1]);
  if (pid_ > 0) {
    setpgid(pid_, pid_);
    return;
  }
  close(output_);
  close(errors_);
  throw std::system_error(error, std::generic_category(), "fork");
}

process::process(process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      status_(other.status_),
      output_(std::exchange(other.output_, -1)),
      errors_(std::exchange(other.errors_, -1)),
      pending_(std::move(other.pending_)) {}

process::~process() {
  if (pid_ < 0) return;
  kill();
  close(output_);
  if (errors_ >= 0) close(errors_);
}

// Adds what it has written to pending_; false at its end.
bool process::fill(std::chrono::steady_clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd readable{output_, POLLIN, 0};
    const int ready = poll(&readable, 1, static_cast<int>(std::max<long long>(0, left.count())));
    if (stopping) throw interrupted();
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) fail("took too long and was ended");
    char buffer[4096];
    const ssize_t got = read(output_, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    pending_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
}

void process::fail(const std::string& what) const {
  std::string message = errors();
  if (message.size() > 400) message = "..." + message.substr(message.size() - 400);
  while (!message.empty() && message.back() == '\n')
    message.pop_back();
  throw std::runtime_error(message.empty() ? what : what + ": " + message);
}

std::string process::read_line(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::size_t end = 0;
  while ((end = pending_.find('\n')) == std::string::npos) {
    if (!fill(deadline)) fail("ended without a word");
  }
  std::string line = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  return line;
}

std::string process::read_all(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (fill(deadline)) {
  }
  return std::exchange(pending_, {});
}

int process::wait() {
  if (status_) return *status_;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("waitpid");
  }
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return *status_;
}

bool process::running() {
  if (status_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

void process::kill() {
  if (!running()) return;
  ::kill(-pid_, SIGKILL);
  wait();
}

std::string process::errors() const {
  std::string text(4096, '\0');
  const off_t size = lseek(errors_, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(text.size()));
  const ssize_t got = pread(errors_, text.data(), text.size(), from);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

std::optional<std::string> find_program(const std::string& name,
                                        const std::vector<std::string>& candidates) {
  for (const std::string& path : candidates) {
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  const char* const path = std::getenv("PATH");
  std::istringstream folders(std::string(path ? path : "") + ":/usr/sbin:/usr/local/sbin:/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string full = folder + "/" + name;
    if (!folder.empty() && access(full.c_str(), X_OK) == 0) return full;
  }
  return std::nullopt;
}

std::string own_binary() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace magpie::bench
