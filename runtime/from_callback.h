// from_callback: awaiting a function that tells its result to a callback.
//
//   const reply got = co_await magpie::from_callback<reply>([&](magpie::callback_result<reply> to)
//   {
//     client.ask(question, [to](reply r) { to(std::move(r)); }, [to](error e) { to.fail(e.ptr());
//     });
//   });
#ifndef MAGPIE_RUNTIME_FROM_CALLBACK_H_
#define MAGPIE_RUNTIME_FROM_CALLBACK_H_

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "magpie/runtime/future.h"
#include "magpie/runtime/task.h"

namespace magpie {

// Where the result goes. Copies are cheap and stand for the same result: the first call of any of
// them counts, and the others do nothing. When the last has gone without a call, whoever waits gets
// broken_promise. Any thread, also inside the function that starts the operation; may outlive the
// wait and the runtime.
template <class T = void>
class callback_result {
 public:
  template <class U = T>
    requires(!std::is_void_v<T> && std::constructible_from<T, U>)
  void operator()(U&& value) const {
    to_->try_set_value(std::forward<U>(value));
  }
  void operator()() const
    requires std::is_void_v<T>
  {
    to_->try_set_value();
  }
  // Not null: throws usage_error.
  void fail(std::exception_ptr error) const { to_->try_set_exception(std::move(error)); }

  // Throws std::bad_alloc. (from_callback() makes one.)
  explicit callback_result(promise<T> to)
      : to_(std::make_shared<const promise<T>>(std::move(to))) {}

 private:
  std::shared_ptr<const promise<T>> to_;
};

// co_await from_callback<T>(start): calls start(callback_result<T>) on the worker, waits for the
// result, and gives it. What `start` throws is thrown. `start` lives until the wait has ended;
// what it refers to has to live as long as the operation may use it.
//
// Cancelled: throws `cancelled` at once; the operation is not told and may call back later, which
// does nothing. An operation that can be stopped takes a std::stop_token (stop_token.h). Costs a
// frame and two shared blocks.
template <class T = void, std::invocable<callback_result<T>> Start>
task<T> from_callback(Start start) {
  promise<T> source;
  const future<T> result = source.get_future();
  std::invoke(start, callback_result<T>(std::move(source)));
  co_await result;
  if constexpr (!std::is_void_v<T>) co_return internal::future_access::state(result)->take();
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_FROM_CALLBACK_H_
