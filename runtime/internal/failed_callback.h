// What a user's callback throws, when there is nobody to throw it to.
#ifndef MAGPIE_RUNTIME_INTERNAL_FAILED_CALLBACK_H_
#define MAGPIE_RUNTIME_INTERNAL_FAILED_CALLBACK_H_

#include <source_location>
#include <string>

namespace magpie::internal {

// Inside a handler: tells that a callback which was given to that function, there, has thrown what
// is being handled. Tells the runtime of the calling worker, or standard error.
void report_failed_callback(const char* given_to, const std::source_location& given_at) noexcept;

// Inside a handler: what is to be said of it. Throws std::bad_alloc.
std::string failed_callback_message(const char* given_to);

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_FAILED_CALLBACK_H_
