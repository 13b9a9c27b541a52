#ifndef MAGPIE_BENCHMARKS_REPORT_PROCESS_H_
#define MAGPIE_BENCHMARKS_REPORT_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace magpie::bench {

// Thrown out of every wait for a process once the report has been told to stop; not a
// runtime_error, so that it is not taken for the failure of a run.
class interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

// From now on SIGINT and SIGTERM end the waits, and with them the report, in order: its servers
// are ended and its temporary files removed.
void stop_on_signals();

// A started program in a process group of its own, with its standard output on a pipe and its
// standard error in memory. The kernel kills it when the report dies, and the destructor kills
// it when it still runs. One thread uses it.
class process {
 public:
  // Throws std::system_error when the pipe or the process cannot be made. A program that cannot
  // be executed ends at once with status 127 and says so on its standard error.
  explicit process(const std::vector<std::string>& words);
  process(process&& other) noexcept;
  process& operator=(process&&) = delete;
  ~process();

  // The next line of its standard output. Throws std::runtime_error, with the end of its
  // standard error, when it ends first or says nothing for so long.
  std::string read_line(std::chrono::milliseconds limit);

  // Everything that it writes until it ends. Throws like read_line.
  std::string read_all(std::chrono::milliseconds limit);

  // Waits for the end; the status as a shell gives it.
  int wait();
  bool running();
  void kill();
  std::string errors() const;
  pid_t id() const { return pid_; }

 private:
  bool fill(std::chrono::steady_clock::time_point deadline);
  [[noreturn]] void fail(const std::string& what) const;

  pid_t pid_ = -1;
  std::optional<int> status_;
  int output_ = -1;
  int errors_ = -1;
  std::string pending_;
};

// Where a program is: `candidates` first, then the folders of PATH and the system's sbin.
std::optional<std::string> find_program(const std::string& name,
                                        const std::vector<std::string>& candidates = {});

// The running binary.
std::string own_binary();

// Raises the soft limit of open descriptors to the hard one; children inherit it.
void raise_descriptor_limit();

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_PROCESS_H_
