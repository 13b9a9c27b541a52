#include "magpie/runtime/internal/reporting.h"

#include <unistd.h>

#include <string>

namespace magpie::internal {
namespace {

void write_line(const report& what) {
  std::string line = "magpie: task " + std::to_string(what.task_id);
  if (!what.task_name.empty()) line += " '" + what.task_name + "'";
  line += ", spawned at ";
  line += what.spawned_at.file_name();
  line += ":" + std::to_string(what.spawned_at.line()) + ", " + what.message + "\n";
  // One write, so that lines of several threads do not mix. A failure cannot be reported anywhere.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

std::shared_ptr<const report_hook> make_report_hook(const options& from) {
  return std::make_shared<const report_hook>(from.on_report() ? from.on_report() : write_line);
}

void tell(const report_hook& hook, const report& what) noexcept {
  try {
    hook(what);
  } catch (...) {
    return;
  }
}

}  // namespace magpie::internal
