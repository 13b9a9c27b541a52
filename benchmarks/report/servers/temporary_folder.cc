#include "magpie/benchmarks/report/servers/temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace magpie::bench {

temporary_folder::temporary_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "magpie-report-XXXXXX").string();
  if (!mkdtemp(name.data())) {
    throw std::system_error(errno, std::generic_category(), "cannot make a folder " + name);
  }
  path_ = name;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace magpie::bench
