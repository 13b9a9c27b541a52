// retry: again, later, until it works.
//
//   page p = co_await retry(retry_policy().attempts(5).first_delay(200ms), [&] { return fetch(url);
//   });
#ifndef MAGPIE_RUNTIME_RETRY_H_
#define MAGPIE_RUNTIME_RETRY_H_

#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

#include "magpie/runtime/as_task.h"
#include "magpie/runtime/clock.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/task.h"

namespace magpie {

// How often, and how far apart. The delay before the n-th attempt is first_delay * factor^(n - 2),
// at most most_delay, and of that a random part between 1 - jitter and 1, so that many who failed
// together do not come back together.
class retry_policy {
 public:
  // All attempts, the first among them; at least 1. Default: 3.
  retry_policy& attempts(int count);
  int attempts() const noexcept { return attempts_; }

  // Default: 100 ms.
  retry_policy& first_delay(clock::duration delay);
  clock::duration first_delay() const noexcept { return first_delay_; }

  // At least 1. Default: 2.
  retry_policy& factor(double growth);
  double factor() const noexcept { return factor_; }

  // Default: 30 s.
  retry_policy& most_delay(clock::duration delay);
  clock::duration most_delay() const noexcept { return most_delay_; }

  // Between 0 and 1. Default: 0.5.
  retry_policy& jitter(double part);
  double jitter() const noexcept { return jitter_; }

  // What to sleep after so many attempts have failed, if the random part is `random`, of [0, 1).
  clock::duration delay_after(int failed, double random) const noexcept;

  // All of these throw usage_error for a value out of its range.

 private:
  int attempts_ = 3;
  clock::duration first_delay_ = std::chrono::milliseconds(100);
  double factor_ = 2;
  clock::duration most_delay_ = std::chrono::seconds(30);
  double jitter_ = 0.5;
};

namespace internal {

// Worker. Of [0, 1); in a simulation chosen by its seed.
double random_fraction() noexcept;

// Errors are retried. What is no std::exception, such as `cancelled`, is not.
struct every_error {
  bool operator()(const std::exception& /*error*/) const noexcept { return true; }
};

}  // namespace internal

// co_await retry(policy, make, again): awaits make(), which makes a task, until one gives a value;
// sleeps in between. Throws what the last attempt has thrown, and at once what `again`, called with
// the std::exception, does not want to be tried again, and what is no std::exception. Both
// functions live until the end. For a limit on all of it, put with_timeout around it; for one on
// each attempt, inside.
template <class Make, class Again = internal::every_error>
  requires std::predicate<Again&, const std::exception&> &&
           internal::is_task<std::invoke_result_t<Make&>>
auto retry(retry_policy policy, Make make, Again again = {}) -> std::invoke_result_t<Make&> {
  for (int failed = 1;; ++failed) {
    try {
      co_return co_await make();
    } catch (const std::exception& error) {
      if (failed >= policy.attempts() || !std::invoke(again, error)) throw;
    }
    co_await sleep_for(policy.delay_after(failed, internal::random_fraction()));
  }
}

namespace internal {

template <class Make>
struct makes_task_of {
  Make make;
  MAGPIE_COROUTINE_WRAPPER auto operator()() { return as_task(make()); }
};

}  // namespace internal

// The same if make() gives anything else that can be awaited (as_task.h).
template <class Make, class Again = internal::every_error>
  requires std::predicate<Again&, const std::exception&> &&
           internal::operation<std::invoke_result_t<Make&>>
MAGPIE_COROUTINE_WRAPPER auto retry(retry_policy policy, Make make, Again again = {}) {
  return retry(std::move(policy), internal::makes_task_of<Make>{std::move(make)}, std::move(again));
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_RETRY_H_
