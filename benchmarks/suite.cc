#include "magpie/benchmarks/suite.h"

#include <sys/utsname.h>

#include <ctime>
#include <fstream>

#include "magpie/benchmarks/peer_process.h"

namespace magpie::benchmarks {
namespace {

std::chrono::nanoseconds process_cpu_time() {
  std::timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void add(const std::string& name, const body& measured, std::size_t workers) {
  const std::string full = name + "/" + std::to_string(workers);
  benchmark::RegisterBenchmark(full.c_str(),
                               [=](benchmark::State& state) { measured(state, workers); })
      ->MeasureProcessCPUTime()
      ->UseRealTime();
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string kernel() {
  utsname name{};
  ::uname(&name);
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

// What has to be known to read the figures later, beside what Google Benchmark says itself.
void describe(const std::vector<std::string>& command) {
  std::string line;
  for (const std::string& word : command)
    line += (line.empty() ? "" : " ") + word;
  benchmark::AddCustomContext("command", line);
  benchmark::AddCustomContext("compiler", __VERSION__);
  benchmark::AddCustomContext("processor", processor());
  benchmark::AddCustomContext("kernel", kernel());
#ifdef NDEBUG
  benchmark::AddCustomContext("assertions", "off");
#else
  benchmark::AddCustomContext("assertions", "on");
#endif
}

// Takes --peers=FOLDER out of the arguments.
std::string peers_folder(std::vector<std::string>& arguments) {
  const std::string option = "--peers=";
  std::string folder;
  std::erase_if(arguments, [&](const std::string& argument) {
    if (!argument.starts_with(option)) return false;
    folder = argument.substr(option.size());
    return true;
  });
  return folder;
}

}  // namespace

int run_suite(int argc, char** argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  describe(arguments);
  register_peer_rows(peers_folder(arguments));
  std::vector<char*> left;
  for (std::string& argument : arguments)
    left.push_back(argument.data());
  int count = static_cast<int>(left.size());
  benchmark::Initialize(&count, left.data());
  if (benchmark::ReportUnrecognizedArguments(count, left.data())) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

std::vector<std::size_t> worker_counts() {
  const std::size_t most = available_parallelism();
  std::vector<std::size_t> counts;
  for (std::size_t count = 1; count < most; count *= 2)
    counts.push_back(count);
  counts.push_back(most);
  return counts;
}

void add_row(const std::string& name, const body& measured) {
  add(name, measured, 1);
}

void add_rows(const std::string& name, const body& measured) {
  for (const std::size_t workers : worker_counts())
    add(name, measured, workers);
}

operation_meter::operation_meter(benchmark::State& state, double operations_per_iteration)
    : state_(state),
      operations_(operations_per_iteration),
      cpu_(process_cpu_time()),
      wall_(std::chrono::steady_clock::now()) {}

operation_meter::~operation_meter() {
  const std::chrono::duration<double, std::nano> wall = std::chrono::steady_clock::now() - wall_;
  const std::chrono::duration<double, std::nano> cpu = process_cpu_time() - cpu_;
  const double operations = operations_ * static_cast<double>(state_.iterations());
  state_.counters["wall_ns"] = wall.count() / operations;
  state_.counters["cpu_ns"] = cpu.count() / operations;
}

}  // namespace magpie::benchmarks

int main(int argc, char** argv) {
  return magpie::benchmarks::run_suite(argc, argv);
}
