// How a task has ended, for tests of what is thrown.
#ifndef MAGPIE_TESTS_RUNTIME_ENDED_WITH_H_
#define MAGPIE_TESTS_RUNTIME_ENDED_WITH_H_

#include <exception>

#include "magpie/runtime/outcome.h"

namespace magpie::testing {

template <class Error>
bool is_error(const std::exception_ptr& thrown) {
  if (thrown == nullptr) return false;
  try {
    std::rethrow_exception(thrown);
  } catch (const Error&) {
    return true;
  } catch (...) {
    return false;
  }
}

// Whether a task has thrown that.
template <class Error, class T>
bool ended_with(const outcome<T>& how) {
  return is_error<Error>(how.error());
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_ENDED_WITH_H_
