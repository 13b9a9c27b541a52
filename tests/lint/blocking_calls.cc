// What tools/lint/blocking_calls.py finds, and what it does not. A comment at the end of a line
// gives a part of what it says of it.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <iostream>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <sstream>
#include <string>
#include <thread>

#include "magpie/magpie.h"

namespace {

using namespace std::chrono_literals;

magpie::task<int> fetch();

magpie::task<> sleeps() {
  std::this_thread::sleep_for(1s);                                  // finds: magpie::sleep_for
  std::this_thread::sleep_until(std::chrono::steady_clock::now());  // finds: magpie::sleep_for
  sleep(1);                                                         // finds: magpie::sleep_for
  usleep(1);                                                        // finds: magpie::sleep_for
  co_await magpie::sleep_for(1s);
}

magpie::task<> takes_futures(std::future<int> one, std::shared_future<int> all) {
  one.wait();                    // finds: from_std_future
  one.wait_for(1s);              // finds: from_std_future
  static_cast<void>(one.get());  // finds: from_std_future
  static_cast<void>(all.get());  // finds: from_std_future
  co_await magpie::from_std_future(std::move(one));
}

magpie::task<> locks(std::mutex& plain, std::shared_mutex& shared, std::recursive_mutex& again,
                     std::timed_mutex& timed, std::unique_lock<std::mutex> held,
                     magpie::mutex& awaited) {
  plain.lock();             // finds: magpie::mutex
  shared.lock_shared();     // finds: magpie::mutex
  again.lock();             // finds: magpie::mutex
  timed.try_lock_for(1s);   // finds: magpie::mutex
  held.lock();              // finds: magpie::mutex
  std::lock(plain, again);  // finds: magpie::mutex
  if (plain.try_lock()) plain.unlock();
  const auto mine = co_await awaited.lock();
}

magpie::task<> meets(std::condition_variable& changed, std::unique_lock<std::mutex>& held,
                     std::counting_semaphore<>& places, std::latch& loaded, std::barrier<>& step,
                     std::thread& thread, std::jthread& other) {
  changed.wait(held);                               // finds: magpie::condition
  changed.wait_for(held, 1s, [] { return true; });  // finds: magpie::condition
  places.acquire();                                 // finds: magpie::semaphore
  loaded.wait();                                    // finds: magpie::latch
  step.arrive_and_wait();                           // finds: magpie::latch
  thread.join();                                    // finds: thread.join()
  other.join();                                     // finds: thread.join()
  changed.notify_all();
  places.release();
  loaded.count_down();
  co_return;
}

magpie::task<> calls_the_system(int file) {
  static_cast<void>(std::system("true"));     // finds: magpie::blocking
  static_cast<void>(waitpid(0, nullptr, 0));  // finds: magpie::blocking
  static_cast<void>(poll(nullptr, 0, 0));     // finds: magpie::io
  char buffer[16];
  static_cast<void>(read(file, buffer, sizeof buffer));  // finds: magpie::io
  static_cast<void>(std::fgets(buffer, 16, stdin));      // finds: magpie::blocking
  std::string line;
  std::getline(std::cin, line);  // finds: magpie::blocking
  std::cin >> line;              // finds: magpie::blocking
  std::istringstream text("text");
  std::getline(text, line);
  text >> line;
  co_return;
}

magpie::task<> waits_for_tasks(magpie::runtime& world, magpie::join_handle<int> handle) {
  static_cast<void>(magpie::run(fetch()));  // finds: a runtime is run by a thread
  static_cast<void>(world.run(fetch()));    // finds: a runtime is run by a thread
  static_cast<void>(handle.get());          // finds: co_await handle
  co_await handle;
}

// In a lambda that is a coroutine, in a template, and on purpose.
template <class Duration>
magpie::task<> waits_in_a_template(Duration duration) {
  std::this_thread::sleep_for(duration);  // finds: magpie::sleep_for
  co_return;
}

magpie::task<> others(std::mutex& plain) {
  auto inner = []() -> magpie::task<> {
    sleep(1);  // finds: magpie::sleep_for
    co_return;
  };
  co_await inner();
  co_await waits_in_a_template(1s);
  plain.lock();  // blocks: for some nanoseconds.
  plain.unlock();
  co_await magpie::blocking([] { std::this_thread::sleep_for(1s); });
  auto sleeps_elsewhere = [] { sleep(1); };
  co_await magpie::blocking(sleeps_elsewhere);
}

}  // namespace

void no_coroutine(std::mutex& plain, std::future<int> one) {
  plain.lock();
  one.wait();
  std::this_thread::sleep_for(1s);
  static_cast<void>(magpie::run(fetch()));
}
