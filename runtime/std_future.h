// Between tasks and std::future, for code that knows nothing of coroutines.
//
//   std::future<page> soon = magpie::to_std_future(world, fetch(url));   // On a thread of your
//   own: show(soon.get());
//
//   const page p = co_await magpie::from_std_future(library.fetch(url));
#ifndef MAGPIE_RUNTIME_STD_FUTURE_H_
#define MAGPIE_RUNTIME_STD_FUTURE_H_

#include <chrono>
#include <exception>
#include <future>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "magpie/runtime/as_task.h"
#include "magpie/runtime/blocking.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/task.h"

namespace magpie {
namespace internal {

// Sets the result when the task and its frame are gone.
template <class T>
task<> fulfil(task<T> what, std::promise<T> to) {
  std::exception_ptr error;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(what);
      to.set_value();
    } else {
      T value = co_await std::move(what);
      to.set_value(std::forward<T>(value));
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (error != nullptr) to.set_exception(std::move(error));
}

template <class T, class Future>
task<T> await_std_future(Future from) {
  if (!from.valid()) throw usage_error("magpie: this std::future has no state to wait for");
  if (from.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    auto wait = [&from] { from.wait(); };
    co_await blocking(wait);
  }
  if constexpr (std::is_void_v<T>) {
    from.get();
  } else {
    co_return from.get();
  }
}

}  // namespace internal

// Any thread. Starts the task on that runtime; the future has its result, its exception, or
// `cancelled` if it was, by the end of the runtime for instance. The future may outlive the
// runtime. To wait for it is for threads that are no workers: on a worker that blocks, perhaps for
// ever, what the task would run on, and nothing can detect it; co_await the task there. (Destroying
// the future does not wait.) Throws what runtime::spawn() throws, usage_error for an empty task.
template <class T>
std::future<T> to_std_future(runtime& on, task<T> what, std::string name = {},
                             std::source_location where = std::source_location::current()) {
  internal::task_access::check(what);
  std::promise<T> to;
  std::future<T> result = to.get_future();
  on.spawn(internal::fulfil(std::move(what), std::move(to)), std::move(name), where).detach();
  return result;
}

// co_await from_std_future(f): the result of f, or throws what f throws. One that is not ready
// keeps a thread of the blocking pool (options::blocking_threads) until it is: that many can be
// awaited at once, and the others wait behind them. Once that thread waits, neither cancelling the
// task nor the end of the runtime ends the wait before f is ready. Where the other side can call
// back, from_callback() has none of these costs. Throws usage_error for a future without state.
template <class T>
MAGPIE_COROUTINE_WRAPPER task<T> from_std_future(std::future<T> from) {
  return internal::await_std_future<T>(std::move(from));
}
// The same; copies the value.
template <class T>
MAGPIE_COROUTINE_WRAPPER task<T> from_std_future(std::shared_future<T> from) {
  return internal::await_std_future<T>(std::move(from));
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_STD_FUTURE_H_
