// Where async helps and where it doesn't: real workloads under every strategy, and a verdict for
// each, derived from the figures. See verdict.h for the rules and workloads/ for what is run.

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "magpie/benchmarks/report/child.h"
#include "magpie/benchmarks/report/command_line.h"
#include "magpie/benchmarks/report/html.h"
#include "magpie/benchmarks/report/json.h"
#include "magpie/benchmarks/report/machine.h"
#include "magpie/benchmarks/report/process.h"
#include "magpie/benchmarks/report/session.h"
#include "magpie/benchmarks/report/table.h"
#include "magpie/benchmarks/report/workloads/workloads.h"
#include "magpie/runtime/options.h"

namespace magpie::bench {
namespace {

std::string_view name_of(scale size) {
  return at_scale<std::string_view>(size, "tiny", "quick", "full");
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

// Before the measuring, so that a folder that cannot be written costs nobody ten minutes.
void prepare(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw std::runtime_error("cannot make the folder " + folder.string() + ": " + error.message());
  }
  if (access(folder.c_str(), W_OK) != 0) {
    throw std::runtime_error("cannot write into the folder " + folder.string());
  }
}

int report_main(const command_line& asked, const std::string& command) {
  prepare(asked.out);
  std::vector<const workload*> chosen = asked.only;
  if (chosen.empty()) {
    for (const workload& each : all_workloads())
      chosen.push_back(&each);
  }
  report_results results;
  const std::size_t workers = available_parallelism();
  results.command = command;
  results.size = name_of(asked.size);
  results.machine = describe_machine(workers);
  const auto start = steady::now();
  stop_on_signals();
  session measuring(asked.size, workers);
  results.workloads = measuring.measure(chosen);
  results.seconds = seconds_between(start, steady::now());
  results.machine.emplace_back(
      "report", results.size + ", " + std::to_string(static_cast<int>(results.seconds)) + " s");
  const std::string nginx = measuring.around().nginx_version();
  results.machine.emplace_back("server", nginx.empty() ? "none was started" : nginx);

  const bool colours = isatty(STDOUT_FILENO) == 1;
  std::fputs(to_table(results, colours).c_str(), stdout);
  write_file(asked.out / "report.json", to_json(results));
  write_file(asked.out / "report.html", to_html(results));
  std::printf("\n%s\n%s\n", (asked.out / "report.json").c_str(),
              (asked.out / "report.html").c_str());
  return 0;
}

std::string joined(const std::vector<std::string>& words) {
  std::string line = "report";
  for (const std::string& word : words)
    line += " " + word;
  return line;
}

int dispatch(const std::vector<std::string>& words) {
  const std::string first = words.empty() ? std::string() : words[0];
  if (first == "--child") return child_main({words.begin() + 1, words.end()});
  if (first == "--serve") return serve({words.begin() + 1, words.end()});
  const command_line asked = parse_command_line(words);
  if (asked.help || asked.list) {
    std::fputs(asked.help ? usage().c_str() : list_of_workloads().c_str(), stdout);
    return 0;
  }
  return report_main(asked, joined(words));
}

}  // namespace
}  // namespace magpie::bench

int main(int count, char** words) {
  try {
    return magpie::bench::dispatch({words + 1, words + count});
  } catch (const magpie::bench::interrupted&) {
    std::fprintf(stderr, "report: stopped before its end; nothing was written\n");
    return 130;
  } catch (const std::invalid_argument& e) {
    std::fprintf(stderr, "report: %s\nTry --help.\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "report: %s\n", e.what());
    return 1;
  }
}
