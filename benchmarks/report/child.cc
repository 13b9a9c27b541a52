#include "magpie/benchmarks/report/child.h"

#include <cstdio>
#include <exception>
#include <stdexcept>

#include "magpie/benchmarks/report/meter.h"
#include "magpie/benchmarks/report/process.h"
#include "magpie/benchmarks/report/workloads/workloads.h"

namespace magpie::bench {
namespace {

std::vector<std::string> command_of(const workload& w, const variant& v, const parameters& p,
                                    const child_settings& settings) {
  std::vector<std::string> command;
  if (v.run) {
    command = {own_binary(), "--child", std::string(w.name)};
  } else {
    if (settings.python.empty()) {
      throw std::runtime_error("python3 is not installed (apt-get install python3)");
    }
    // Without what the user has installed or set: asyncio and nothing else.
    command = {settings.python, "-B", "-E", "-s", (settings.scripts / v.script).string()};
  }
  command.emplace_back(v.strategy);
  for (std::string& word : p.words())
    command.push_back(std::move(word));
  return command;
}

const variant& variant_of(const std::string& workload_name, const std::string& strategy) {
  const workload* const w = find_workload(workload_name);
  if (!w) throw std::invalid_argument("no workload is called \"" + workload_name + "\"");
  const variant* const v = find_variant(*w, strategy);
  if (!v || !v->run) throw std::invalid_argument("\"" + strategy + "\" is not a strategy of it");
  return *v;
}

}  // namespace

sample run_in_child(const workload& w, const variant& v, const parameters& p,
                    const child_settings& settings) {
  process child(command_of(w, v, p, settings));
  const std::string said = child.read_all(settings.limit);
  const int status = child.wait();
  if (!said.empty()) return decode(said);
  std::string errors = child.errors();
  if (errors.size() > 300) errors = "..." + errors.substr(errors.size() - 300);
  throw std::runtime_error("the run ended with status " + std::to_string(status) +
                           (errors.empty() ? std::string() : ": " + errors));
}

int child_main(const std::vector<std::string>& words) {
  std::string line;
  int status = 1;
  try {
    if (words.size() < 2) throw std::invalid_argument("--child needs a workload and a strategy");
    const variant& v = variant_of(words[0], words[1]);
    meter m;
    v.run(v.strategy, parameters::parse({words.begin() + 2, words.end()}), m);
    line = encode(m.result());
    status = 0;
  } catch (const std::exception& e) {
    line = encode_error(e.what());
  }
  std::printf("%s\n", line.c_str());
  return status;
}

}  // namespace magpie::bench
