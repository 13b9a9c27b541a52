#include "magpie/io/internal/io_thread.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "magpie/io/internal/epoll_reactor.h"
#include "magpie/runtime/error.h"

namespace magpie::io::internal {
namespace {

using namespace std::chrono_literals;

// How long an event may wait when every worker is busy: the shortest time when that has been so at
// the last look, the longest when the workers have always come back to poll until then. A look
// costs as much as serving a request: two thousand in a second took a seventh of the processor time
// of http/connections_64/magpie/2.
constexpr clock::duration shortest_interval = 500us;
constexpr clock::duration longest_interval = 4ms;
// After so many looks at which nobody has polled, the thread waits for events itself, until
// a worker has polled once more.
constexpr int patience = 20;

// A thread that inherits a mask which blocks everything, so that no signal handler of the program
// runs on it.
template <class Run>
std::thread start_without_signals(Run run) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread started(run);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
}

}  // namespace

io_thread::io_thread(const options& settings)
    : mode_(settings.io()), reactor_(make_epoll_reactor(settings.io_batch())) {}

void io_thread::start(bool simulated) {
  if (simulated) {
    mode_ = io_mode::assisted;
  } else {
    thread_ = start_without_signals([this] { run(); });
  }
}

io_thread::~io_thread() {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  signal_.signal();
  reactor_->interrupt();
  thread_.join();
}

// ---------------------------------------------------------------------------------- workers

bool io_thread::try_acquire() noexcept {
  if (mode_ == io_mode::dedicated) return false;
  if (held_.exchange(true)) {
    // Pairs with take_turn(): either this second attempt succeeds, or the thread sees the refusal.
    refused_.store(true);
    if (held_.exchange(true)) return false;
  }
  turns_.store(turns_.load() + 1);
  return true;
}

void io_thread::release() noexcept {
  held_.store(false);
  // Pairs with sleep_while_a_worker_waits().
  if (sleeps_.load() && sleeps_.exchange(false)) signal_.signal();
}

void io_thread::poll(clock::duration limit, ready_list& ready) noexcept {
  reactor_->wait(limit, ready);
}

void io_thread::interrupt() noexcept {
  reactor_->interrupt();
}

bool io_thread::awaits_events() const noexcept {
  return reactor_->awaited();
}

// ---------------------------------------------------------------------------------- the thread

void io_thread::run() noexcept {
  ::pthread_setname_np(::pthread_self(), "magpie-io");
  if (mode_ == io_mode::dedicated) {
    poll_always();
  } else {
    guard();
  }
}

void io_thread::poll_always() noexcept {
  while (!stopping_.load()) {
    ready_list ready;
    reactor_->wait(clock::duration::max(), ready);
    ready.resume_all();
  }
}

void io_thread::guard() noexcept {
  std::uint64_t seen = 0;
  int unchanged = 0;
  clock::duration interval = shortest_interval;
  while (!stopping_.load()) {
    const std::uint64_t turn = turns_.load();
    unchanged = turn == seen ? std::min(unchanged + 1, patience) : 0;
    seen = turn;
    if (unchanged != 0 && !held_.load()) {
      stand_in(unchanged == patience);
      interval = shortest_interval;
    } else if (unchanged != 0 && interval == longest_interval) {
      sleep_while_a_worker_waits(turn);
      interval = shortest_interval;
      continue;
    } else {
      interval = std::min(2 * interval, longest_interval);
    }
    signal_.wait(interval);
  }
}

// Nobody has polled since the last look. While a worker is idle but could not get hold of the
// reactor, or nothing changes, the thread waits for events, else it only collects them.
void io_thread::stand_in(bool nothing_changes) noexcept {
  share_waiting_work();
  const bool waits = refused_.exchange(false) || nothing_changes;
  take_turn(waits ? clock::duration::max() : clock::duration::zero());
}

void io_thread::take_turn(clock::duration limit) noexcept {
  if (held_.exchange(true)) return;
  ready_list ready;
  reactor_->wait(limit, ready);
  held_.store(false);
  resume_anywhere(ready);
}

void io_thread::sleep_while_a_worker_waits(std::uint64_t turn) noexcept {
  sleeps_.store(true);
  // Pairs with release(): a worker that has left meanwhile has not seen `sleeps_`.
  if (held_.load() && turns_.load() == turn && !stopping_.load()) {
    signal_.wait(clock::duration::max());
  }
  sleeps_.store(false);
}

// ---------------------------------------------------------------------------------- making it

io_thread& current_io_thread() {
  poller* attached = attached_poller();
  if (attached == nullptr) {
    attached = &current_poller([](const options& settings) -> std::unique_ptr<poller> {
      return std::make_unique<io_thread>(settings);
    });
  }
  auto* found = dynamic_cast<io_thread*>(attached);
  if (found == nullptr) {
    throw usage_error(
        "magpie: this runtime has a poller of its own; magpie's I/O needs a runtime without one");
  }
  return *found;
}

int start_io_thread() {
  try {
    current_io_thread();
    return 0;
  } catch (const std::system_error& error) {
    return error.code().value();
  }
}

}  // namespace magpie::io::internal
