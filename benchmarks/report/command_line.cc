#include "magpie/benchmarks/report/command_line.h"

#include <algorithm>
#include <stdexcept>

#include "magpie/benchmarks/report/workloads/workloads.h"

namespace magpie::bench {
namespace {

const workload& chosen(const std::string& name) {
  if (const workload* const found = find_workload(name)) return *found;
  throw std::invalid_argument("no workload is called \"" + name + "\"; there are:\n" +
                              list_of_workloads());
}

}  // namespace

command_line parse_command_line(const std::vector<std::string>& words) {
  command_line result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const auto value = [&]() -> const std::string& {
      if (i + 1 == words.size() || words[i + 1].empty() || words[i + 1].starts_with("--")) {
        throw std::invalid_argument(word + " needs a value");
      }
      return words[++i];
    };
    if (word == "--help" || word == "-h") {
      result.help = true;
    } else if (word == "--list") {
      result.list = true;
    } else if (word == "--quick") {
      result.size = scale::quick;
    } else if (word == "--tiny") {
      result.size = scale::tiny;
    } else if (word == "--out") {
      result.out = value();
    } else if (word == "--only") {
      const workload* const w = &chosen(value());
      if (std::find(result.only.begin(), result.only.end(), w) == result.only.end()) {
        result.only.push_back(w);
      }
    } else {
      throw std::invalid_argument("\"" + word + "\" is not an option of the report");
    }
  }
  return result;
}

std::string usage() {
  return "Usage: report [--quick] [--out DIR] [--only WORKLOAD]... [--list] [--help]\n"
         "\n"
         "Runs real workloads under every strategy - sequential, threads, magpie, Python's\n"
         "asyncio - and says for each where async helps, where it makes no difference and where\n"
         "it hurts. Prints a table, and writes report.json and report.html into DIR.\n"
         "\n"
         "  --quick          smaller sizes and fewer rounds: under two minutes instead of fifteen\n"
         "  --out DIR        where the two files go; made when missing (default: magpie-report)\n"
         "  --only WORKLOAD  this workload only; may be given several times\n"
         "  --list           the names of the workloads\n"
         "  --help           this text\n"
         "\n"
         "Two workloads need nginx and some strategies need python3; what is missing is reported\n"
         "as not run.\n";
}

std::string list_of_workloads() {
  std::string list;
  for (const workload& each : all_workloads()) {
    list += "  " + std::string(each.name) + std::string(30 - each.name.size(), ' ') +
            std::string(each.title) + "\n";
  }
  return list;
}

}  // namespace magpie::bench
