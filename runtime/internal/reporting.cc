#include "magpie/runtime/internal/reporting.h"

#include <unistd.h>

#include <exception>
#include <new>
#include <string>

#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/failed_callback.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie::internal {
namespace {

std::string subject_of(const report& what) {
  if (what.what == report::kind::never_awaited) return "a task, made at ";
  if (what.task_id == 0) return "at ";  // No task is concerned.
  std::string subject = "task " + std::to_string(what.task_id);
  if (!what.task_name.empty()) subject += " '" + what.task_name + "'";
  return subject + ", spawned at ";
}

void write_line(const report& what) {
  const std::string line = "magpie: " + describe(what) + "\n";
  // One write, so that lines of several threads do not mix. A failure cannot be reported anywhere.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

std::string describe(const report& what) {
  return subject_of(what) + what.spawned_at.file_name() + ":" +
         std::to_string(what.spawned_at.line()) + ", " + what.message;
}

std::shared_ptr<const report_hook> make_report_hook(const options& from) {
  return std::make_shared<const report_hook>(from.on_report() ? from.on_report() : write_line);
}

void report_never_awaited(const std::source_location& made_at) noexcept {
  try {
    const report said{report::kind::never_awaited, 0, "", made_at,
                      "was never awaited, so nothing of it has run: co_await it, spawn it, or "
                      "discard() it"};
    if (worker* here = current_worker()) {
      tell(*here->owner().hook(), said);
    } else {
      write_line(said);
    }
  } catch (const std::bad_alloc&) {
    // There is no memory to say so.
  }
}

void report_failed_callback(const char* given_to, const std::source_location& given_at) noexcept {
  try {
    const report said{report::kind::failed_callback, 0, "", given_at,
                      failed_callback_message(given_to)};
    if (worker* here = current_worker()) {
      tell(*here->owner().hook(), said);
    } else {
      write_line(said);
    }
  } catch (const std::bad_alloc&) {
    // There is no memory to say so.
  }
}

std::string failed_callback_message(const char* given_to) {
  std::string message = std::string("a callback given to ") + given_to + " has failed: ";
  try {
    throw;
  } catch (const std::exception& error) {
    return message + error.what();
  } catch (...) {
    return message + "an exception that is no std::exception";
  }
}

void tell(const report_hook& hook, const report& what) noexcept {
  try {
    hook(what);
  } catch (...) {
    return;
  }
}

}  // namespace magpie::internal
