#include "magpie/benchmarks/report/embedded.h"

#include <fstream>
#include <stdexcept>

namespace magpie::bench {
namespace {

struct script {
  std::string_view name;
  std::string_view text;
};

// The included files are made by the build: each is the file of its name as one string literal.
constexpr script k_scripts[] = {
    {
        "measure.py",
#include "magpie/benchmarks/report/measure.py.inc"
    },
    {
        "fetch.py",
#include "magpie/benchmarks/report/fetch.py.inc"
    },
    {
        "http_fan_out.py",
#include "magpie/benchmarks/report/http_fan_out.py.inc"
    },
    {
        "fetch_then_compute.py",
#include "magpie/benchmarks/report/fetch_then_compute.py.inc"
    },
    {
        "small_files.py",
#include "magpie/benchmarks/report/small_files.py.inc"
    },
    {
        "blocking_in_the_wrong_place.py",
#include "magpie/benchmarks/report/blocking_in_the_wrong_place.py.inc"
    },
    {
        "grain_size.py",
#include "magpie/benchmarks/report/grain_size.py.inc"
    },
    {
        "idle_waiters.py",
#include "magpie/benchmarks/report/idle_waiters.py.inc"
    },
    {
        "ping_pong.py",
#include "magpie/benchmarks/report/ping_pong.py.inc"
    },
};

constexpr std::string_view k_style =
#include "magpie/benchmarks/report/page.css.inc"
    ;

}  // namespace

void write_scripts(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const script& each : k_scripts) {
    std::ofstream file(folder / each.name);
    file << each.text;
    if (!file.flush()) throw std::runtime_error("cannot write " + (folder / each.name).string());
  }
}

std::string_view page_style() {
  return k_style;
}

}  // namespace magpie::bench
