// The one way in which the runtime says something that nobody asked for.
#ifndef MAGPIE_RUNTIME_INTERNAL_REPORTING_H_
#define MAGPIE_RUNTIME_INTERNAL_REPORTING_H_

#include <functional>
#include <memory>
#include <source_location>
#include <string>

#include "magpie/runtime/options.h"

namespace magpie::internal {

using report_hook = std::function<void(const report&)>;

// One line about whom it concerns, where that was made, and what has happened.
std::string describe(const report& what);

// The hook of the options, or the default one, which writes a line to standard error.
std::shared_ptr<const report_hook> make_report_hook(const options& from);

// Tells that a task which was made there has been dropped without having been awaited: the runtime
// of the calling worker, or standard error.
void report_never_awaited(const std::source_location& made_at) noexcept;

// Calls the hook. What it throws is dropped: there is nobody left to tell.
void tell(const report_hook& hook, const report& what) noexcept;

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_REPORTING_H_
