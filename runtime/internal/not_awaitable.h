// What the compiler says of a co_await that cannot be, and what to write instead.
#ifndef MAGPIE_RUNTIME_INTERNAL_NOT_AWAITABLE_H_
#define MAGPIE_RUNTIME_INTERNAL_NOT_AWAITABLE_H_

#include <type_traits>
#include <utility>

namespace magpie {

template <class T>
class task;

namespace internal {

struct promise_base;

template <class>
inline constexpr bool always_false = false;

// All of these know their kind by its members, and need no header of the standard library.
template <class T>
inline constexpr bool is_const_task = false;
template <class T>
inline constexpr bool is_const_task<const task<T>> = true;

template <class T>
concept like_function =
    std::is_function_v<T> || std::is_function_v<std::remove_pointer_t<T>> ||
    std::is_member_function_pointer_v<T> || requires { &T::operator(); } || requires(T& x) { x(); };
template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

// T is not const here: if the compiler comes so far, what is awaited is.
template <class T>
concept awaited_if_not_const = requires(T& x) { x.operator co_await(); };
template <class T>
concept awaited_once = requires(T& x) { std::move(x).operator co_await(); } ||
                       requires(T& x, promise_base& by) { std::move(x).begin_in(by); };
template <class T>
concept like_duration = requires(T& x) {
  typename T::period;
  x.count();
};
template <class T>
concept like_time_point = requires(T& x) { x.time_since_epoch(); };
template <class T>
concept like_future = requires(T& x) {
  x.valid();
  x.get();
  x.wait();
};
template <class T>
concept like_condition = requires(T& x) {
  x.notify_one();
  x.notify_all();
};
template <class T>
concept like_thread = requires(T& x) {
  x.joinable();
  x.join();
};
template <class T>
concept like_semaphore = requires(T& x) {
  x.try_acquire();
  x.release();
};
template <class T>
concept like_latch = requires(T& x) { x.count_down(); };
template <class T>
concept like_barrier = requires(T& x) { x.arrive_and_wait(); };
template <class T>
concept like_lock = requires(T& x) {
  x.lock();
  x.try_lock();
};
template <class T>
concept like_tasks = requires(T& x) {
  x.begin();
  typename T::value_type::promise_type;
};
template <class T>
concept has_awaitable_wait = requires(T& x) { x.wait().operator co_await(); };

template <class T>
constexpr void say_why_not_what_it_calls_for() {
  if constexpr (like_thread<T>) {
    static_assert(always_false<T>,
                  "magpie: a thread cannot be awaited. Run a task beside this one with "
                  "magpie::spawn(...), a function that blocks with co_await magpie::blocking(f)");
  } else if constexpr (like_semaphore<T>) {
    static_assert(always_false<T>,
                  "magpie: this is a semaphore and not the wait for it; write co_await s.acquire() "
                  "of a magpie::semaphore (one of std would block the worker)");
  } else if constexpr (like_latch<T>) {
    static_assert(always_false<T>,
                  "magpie: this is a latch and not the wait for it; write co_await l.wait() of a "
                  "magpie::latch (one of std would block the worker)");
  } else if constexpr (like_barrier<T>) {
    static_assert(always_false<T>,
                  "magpie: this is a barrier and not the wait for it; write co_await "
                  "b.wait() of a magpie::barrier (one of std would block the worker)");
  } else if constexpr (like_lock<T>) {
    static_assert(always_false<T>,
                  "magpie: this is a lock and not the wait for it; write auto held = co_await "
                  "m.lock() of a magpie::mutex (one of std would block the worker)");
  } else if constexpr (like_tasks<T>) {
    static_assert(always_false<T>,
                  "magpie: several tasks are awaited together by co_await "
                  "magpie::gather(std::move(tasks))");
  } else if constexpr (has_awaitable_wait<T>) {
    static_assert(always_false<T>, "magpie: this is not the wait itself; write co_await x.wait()");
  } else {
    static_assert(always_false<T>,
                  "magpie: a task cannot await this. What is no task, and nothing that magpie "
                  "returns to be awaited, needs no co_await; what computes for long or blocks is "
                  "called by co_await magpie::cpu(f) or co_await magpie::blocking(f)");
  }
}

// T is what is awaited, without its reference.
template <class T>
constexpr void say_why_not_awaitable() {
  if constexpr (is_const_task<T>) {
    static_assert(always_false<T>,
                  "magpie: a task is awaited once, and is empty afterwards, so it cannot be const; "
                  "write co_await std::move(t) of one that is not");
  } else if constexpr (awaited_if_not_const<T>) {
    static_assert(always_false<T>, "magpie: to await this changes it, so it cannot be const");
  } else if constexpr (awaited_once<T>) {
    static_assert(always_false<T>,
                  "magpie: this is awaited only once; write co_await std::move(x)");
  } else if constexpr (like_function<T>) {
    static_assert(always_false<T>,
                  "magpie: this is a function and not what it returns; call it: co_await f()");
  } else if constexpr (like_duration<T>) {
    static_assert(always_false<T>,
                  "magpie: to wait for so long write co_await magpie::sleep_for(duration)");
  } else if constexpr (like_time_point<T>) {
    static_assert(always_false<T>,
                  "magpie: to wait until then write co_await magpie::sleep_until(time)");
  } else if constexpr (like_future<T>) {
    static_assert(always_false<T>,
                  "magpie: a std::future is awaited by co_await "
                  "magpie::from_std_future(std::move(f))");
  } else if constexpr (like_condition<T>) {
    static_assert(always_false<T>,
                  "magpie: a condition variable blocks the worker; write co_await c.wait(guard) of "
                  "a magpie::condition");
  } else {
    say_why_not_what_it_calls_for<T>();
  }
}

}  // namespace internal
}  // namespace magpie

#endif  // MAGPIE_RUNTIME_INTERNAL_NOT_AWAITABLE_H_
