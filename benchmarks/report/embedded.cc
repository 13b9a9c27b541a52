#include "magpie/benchmarks/report/embedded.h"

#include <fstream>
#include <stdexcept>

namespace magpie::bench {

void write_scripts(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const embedded_file& each : embedded_files()) {
    if (!each.name.ends_with(".py")) continue;
    std::ofstream file(folder / each.name);
    file << each.text;
    if (!file.flush()) throw std::runtime_error("cannot write " + (folder / each.name).string());
  }
}

std::string_view page_style() {
  for (const embedded_file& each : embedded_files()) {
    if (each.name == "page.css") return each.text;
  }
  return {};
}

}  // namespace magpie::bench
