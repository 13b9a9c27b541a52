#include "magpie/benchmarks/peer_process.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <iostream>
#include <memory>
#include <set>
#include <stdexcept>

namespace magpie::benchmarks {
namespace {

constexpr const char* seconds = "0.25";

struct peer_row {
  std::string name;
  std::string program;
  std::size_t workers;
};

std::vector<peer_row>& all_rows() {
  static std::vector<peer_row> rows;
  return rows;
}

std::vector<void (*)(const std::string&)>& all_adders() {
  static std::vector<void (*)(const std::string&)> adders;
  return adders;
}

std::set<std::string>& missing_programs() {
  static std::set<std::string> missing;
  return missing;
}

struct close_pipe {
  void operator()(std::FILE* pipe) const noexcept { ::pclose(pipe); }
};

// What the command prints; throws if it fails. The words are ours and need no quotes; the folder
// is quoted.
std::string output_of(const std::string& command) {
  std::unique_ptr<std::FILE, close_pipe> pipe(::popen(command.c_str(), "re"));
  if (pipe == nullptr) throw std::runtime_error("popen failed");
  std::string output;
  std::array<char, 1024> part{};
  while (std::fgets(part.data(), static_cast<int>(part.size()), pipe.get()) != nullptr)
    output += part.data();
  if (::pclose(pipe.release()) != 0) throw std::runtime_error("it failed");
  return output;
}

// "name": number, ...
void read_figures(const std::string& line, benchmark::UserCounters& into) {
  for (std::size_t at = line.find('"'); at != std::string::npos; at = line.find('"', at)) {
    const std::size_t end = line.find('"', at + 1);
    const std::size_t colon = line.find(':', end);
    if (colon == std::string::npos) throw std::runtime_error("no figures: " + line);
    into[line.substr(at + 1, end - at - 1)] = std::stod(line.substr(colon + 1));
    at = colon;
  }
}

void run_peer(benchmark::State& state, const std::string& path, const peer_row& row) {
  const std::string command =
      "'" + path + "' " + row.name + " " + std::to_string(row.workers) + " " + seconds;
  try {
    for (auto _ : state) {
      const std::string output = output_of(command);
      read_figures(output, state.counters);
      if (state.counters.count("wall_ns") == 0) throw std::runtime_error("it printed no wall_ns");
      state.SetIterationTime(state.counters["wall_ns"] * 1e-9);
    }
  } catch (const std::exception& error) {
    state.SkipWithError((command + ": " + error.what()).c_str());
  }
}

}  // namespace

void add_peer_row(const std::string& name, const std::string& program) {
  all_rows().push_back({name, program, 1});
}

void add_peer_rows(const std::string& name, const std::string& program) {
  for (const std::size_t workers : worker_counts())
    all_rows().push_back({name, program, workers});
}

void add_rows_with_peers(void (*add)(const std::string& folder)) {
  all_adders().push_back(add);
}

bool has_peer(const std::string& folder, const std::string& program) {
  const bool there = !folder.empty() && ::access((folder + "/" + program).c_str(), X_OK) == 0;
  if (!there) missing_programs().insert(program);
  return there;
}

void register_peer_rows(const std::string& folder) {
  for (const auto& add : all_adders())
    add(folder);
  for (const peer_row& row : all_rows()) {
    if (!has_peer(folder, row.program)) continue;
    const std::string path = folder + "/" + row.program;
    const std::string full = row.name + "/" + std::to_string(row.workers);
    benchmark::RegisterBenchmark(full.c_str(),
                                 [=](benchmark::State& state) { run_peer(state, path, row); })
        ->UseManualTime()
        ->Iterations(1);
  }
  if (missing_programs().empty()) return;
  std::cerr << "Without these peers (--peers=FOLDER, see tools/peers):";
  for (const std::string& program : missing_programs())
    std::cerr << ' ' << program;
  std::cerr << '\n';
}

}  // namespace magpie::benchmarks
