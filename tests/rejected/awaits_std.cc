// What blocks in the standard library, and what a task waits for instead.
//
// rejected: magpie: a std::future is awaited by co_await magpie::from_std_future(std::move(f))
// rejected: magpie: to wait for so long write co_await magpie::sleep_for(duration)
// rejected: magpie: to wait until then write co_await magpie::sleep_until(time)
// rejected: magpie: this is a lock and not the wait for it; write auto held = co_await m.lock()
// rejected: magpie: a condition variable blocks the worker; write co_await c.wait(guard)
// rejected: magpie: this is a semaphore and not the wait for it; write co_await s.acquire()
// rejected: magpie: a thread cannot be awaited.
// rejected: magpie: this is a latch and not the wait for it; write co_await l.wait()
// rejected: magpie: this is a barrier and not the wait for it; write co_await b.wait()
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <thread>
#include <utility>

#include "magpie/magpie.h"

using namespace std::chrono_literals;

#ifdef WRONG
magpie::task<> waits(std::future<int> answer, std::mutex& lock, std::unique_lock<std::mutex> held,
                     std::condition_variable& changed, std::counting_semaphore<>& places,
                     std::thread& thread, std::latch& loaded, std::barrier<>& met) {
  // [wrong]
  co_await std::move(answer);
  co_await 5s;
  co_await (std::chrono::steady_clock::now() + 5s);
  co_await lock;
  co_await held;
  co_await changed;
  co_await places;
  co_await thread;
  co_await loaded;
  co_await met;
  // [wrong end]
}
#else
magpie::task<> waits(std::future<int> answer, magpie::mutex& lock, magpie::condition& changed,
                     magpie::semaphore& places, magpie::latch& loaded, magpie::barrier& met) {
  // [right]
  co_await magpie::from_std_future(std::move(answer));
  co_await magpie::sleep_for(5s);
  co_await magpie::sleep_until(magpie::clock::now() + 5s);
  auto held = co_await lock.lock();
  co_await changed.wait(held);
  const auto place = co_await places.acquire();
  co_await loaded.wait();
  co_await met.wait();
  // [right end]
}
#endif
