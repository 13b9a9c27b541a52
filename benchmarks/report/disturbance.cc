#include "magpie/benchmarks/report/disturbance.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace magpie::bench {
namespace {

double ticks_per_second() {
  return static_cast<double>(sysconf(_SC_CLK_TCK));
}

// A line "cpuN user nice system idle iowait irq softirq steal ..." of /proc/stat; see proc(5).
void add_processor(std::istringstream& line, processor_times& times) {
  double ticks = 0;
  for (int field = 0; field < 8 && line >> ticks; ++field) {
    times.total += ticks / ticks_per_second();
    if (field == 3 || field == 4) times.idle += ticks / ticks_per_second();
  }
}

double seconds_of(int who) {
  rusage usage{};
  getrusage(who, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

// User and system time of a running process: the 14th and 15th field of its stat, counted from
// behind the name, which may contain anything.
double seconds_of_process(pid_t id) {
  std::ifstream file("/proc/" + std::to_string(id) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field)
    fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / ticks_per_second();
}

}  // namespace

processor_times read_processor_times(const std::vector<pid_t>& running_children) {
  processor_times times;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  std::ifstream file("/proc/stat");
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string name;
    line >> name;
    if (name.size() < 4 || name.compare(0, 3, "cpu") != 0) continue;
    if (CPU_ISSET(std::stoul(name.substr(3)), &allowed)) add_processor(line, times);
  }
  times.own = seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN);
  for (const pid_t each : running_children)
    times.own += seconds_of_process(each);
  return times;
}

double share_of_others(const processor_times& before, const processor_times& after) {
  const double total = after.total - before.total;
  if (total <= 0) return 0;
  const double busy = total - (after.idle - before.idle);
  return std::clamp((busy - (after.own - before.own)) / total, 0.0, 1.0);
}

}  // namespace magpie::bench
