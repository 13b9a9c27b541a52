#include "magpie/runtime/internal/signal_hub.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/futex.h"

namespace magpie::internal {
namespace {

constexpr std::size_t most_signals = NSIG;

// What a handler may touch. It lives as long as the process: a handler may still run on some thread
// when the last listener has gone.
struct arrivals {
  std::array<std::atomic<std::uint32_t>, most_signals> of{};
  std::atomic<std::uint32_t> changes{0};
};
constinit arrivals arrived;

// Calls only what is safe in a handler: lock-free atomics and the futex system call.
void handle(int signal) {
  const int kept = errno;
  arrived.of[static_cast<std::size_t>(signal)].fetch_add(1);
  arrived.changes.fetch_add(1);
  futex_wake(arrived.changes, 1);
  errno = kept;
}

}  // namespace

class signal_hub {
 public:
  void add(signal_listener& listener);
  void remove(signal_listener& listener) noexcept;

  static signal_hub& instance() {
    // Never destroyed: a program may end with exit() while there are listeners.
    static signal_hub& only = *new signal_hub;
    return only;
  }

 private:
  struct handled {
    std::size_t listeners = 0;
    struct sigaction before = {};
  };

  // All under changing_. The listener has so many of its signals.
  void withdraw(signal_listener& listener, std::size_t installed) noexcept;
  void install(int signal);
  void uninstall(int signal) noexcept;
  void start_thread();
  void stop_thread() noexcept;
  void run() noexcept;
  void tell_all() noexcept;

  std::mutex changing_;                        // Outside mutex_.
  std::array<handled, most_signals> handled_;  // Under changing_.
  std::thread thread_;                         // Under changing_.
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;
  std::vector<signal_listener*> listeners_;  // Under mutex_.
};

void signal_hub::add(signal_listener& listener) {
  const std::lock_guard changing(changing_);
  {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(&listener);
  }
  std::size_t installed = 0;
  try {
    if (!thread_.joinable()) start_thread();
    for (; installed < listener.signals_.size(); ++installed)
      install(listener.signals_[installed]);
  } catch (...) {
    withdraw(listener, installed);
    throw;
  }
}

void signal_hub::remove(signal_listener& listener) noexcept {
  const std::lock_guard changing(changing_);
  withdraw(listener, listener.signals_.size());
}

void signal_hub::withdraw(signal_listener& listener, std::size_t installed) noexcept {
  for (std::size_t i = 0; i < installed; ++i)
    uninstall(listener.signals_[i]);
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    std::erase(listeners_, &listener);
    last = listeners_.empty();
  }
  if (last && thread_.joinable()) stop_thread();
}

void signal_hub::install(int signal) {
  if (signal < 1 || static_cast<std::size_t>(signal) >= most_signals) {
    throw usage_error("magpie: there is no signal " + std::to_string(signal));
  }
  handled& of = handled_[static_cast<std::size_t>(signal)];
  if (of.listeners == 0) {
    arrived.of[static_cast<std::size_t>(signal)].store(0);
    struct sigaction action = {};
    action.sa_handler = &handle;
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    if (::sigaction(signal, &action, &of.before) != 0) {
      throw usage_error("magpie: signal " + std::to_string(signal) +
                        " cannot be caught: " + std::generic_category().message(errno));
    }
  }
  ++of.listeners;
}

void signal_hub::uninstall(int signal) noexcept {
  handled& of = handled_[static_cast<std::size_t>(signal)];
  if (--of.listeners == 0) ::sigaction(signal, &of.before, nullptr);
}

// Inherits a mask that blocks everything, so that no handler of the program runs on it.
void signal_hub::start_thread() {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw std::system_error(error.code(),
                            "magpie: the system refused the thread that tells of signals");
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void signal_hub::stop_thread() noexcept {
  stopping_.store(true);
  arrived.changes.fetch_add(1);
  futex_wake(arrived.changes, 1);
  thread_.join();
  stopping_.store(false);
}

void signal_hub::run() noexcept {
  while (!stopping_.load()) {
    // Read before the look, so that what comes in between ends the wait.
    const std::uint32_t seen = arrived.changes.load();
    tell_all();
    if (stopping_.load()) break;
    futex_wait(arrived.changes, seen, std::chrono::steady_clock::time_point::max());
  }
}

void signal_hub::tell_all() noexcept {
  for (std::size_t signal = 1; signal < most_signals; ++signal) {
    for (std::uint32_t n = arrived.of[signal].exchange(0); n > 0; --n) {
      const std::lock_guard lock(mutex_);
      for (signal_listener* listener : listeners_) {
        if (std::ranges::find(listener->signals_, static_cast<int>(signal)) !=
            listener->signals_.end()) {
          listener->on_signal(static_cast<int>(signal));
        }
      }
    }
  }
}

void signal_listener::listen(std::vector<int> signals) {
  signals_ = std::move(signals);
  signal_hub::instance().add(*this);
}

void signal_listener::stop_listening() noexcept {
  signal_hub::instance().remove(*this);
}

void die_of(int signal) noexcept {
  struct sigaction usual = {};
  usual.sa_handler = SIG_DFL;
  ::sigemptyset(&usual.sa_mask);
  ::sigaction(signal, &usual, nullptr);
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(signal);
  ::_exit(128 + signal);
}

}  // namespace magpie::internal
