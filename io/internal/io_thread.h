// The thread that makes sure that I/O events are seen in time. It hands ready tasks to the workers;
// it never runs user code and never touches the data of a socket.
//
// io_mode::dedicated: it waits in the reactor, always.
//
// io_mode::assisted: an idle worker waits in the reactor itself, which needs no hand-over
// (benchmarks/report, ping_pong), and this thread is the guarantee. It looks every now and then
// whether anyone has polled since, and if not, polls itself. When a worker has been waiting in the
// reactor for a while, there is nothing to guarantee, and it sleeps until that worker leaves.
#ifndef MAGPIE_IO_INTERNAL_IO_THREAD_H_
#define MAGPIE_IO_INTERNAL_IO_THREAD_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "magpie/io/internal/reactor.h"
#include "magpie/io/internal/wake_event.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/poller.h"

namespace magpie::io::internal {

class io_thread final : public poller {
 public:
  // Throws std::system_error, std::bad_alloc.
  explicit io_thread(const options& settings);
  ~io_thread() override;

  // Starts the thread, but for a simulation, in which the workers always poll. Throws
  // std::system_error.
  void start(bool simulated) override;

  // Outlives the runtime as long as a descriptor needs it.
  const std::shared_ptr<reactor>& events() const noexcept { return reactor_; }

  bool try_acquire() noexcept override;
  void release() noexcept override;
  void poll(clock::duration limit, ready_list& ready) noexcept override;
  void interrupt() noexcept override;
  bool awaits_events() const noexcept override;

 private:
  // The thread.
  void run() noexcept;
  void poll_always() noexcept;
  void guard() noexcept;
  void stand_in(bool nothing_changes) noexcept;
  void take_turn(clock::duration limit) noexcept;
  void sleep_while_a_worker_waits(std::uint64_t turn) noexcept;

  // Fixed by start().
  io_mode mode_;
  // Fixed.
  const std::shared_ptr<reactor> reactor_;
  // Any thread. All of them sequentially consistent: each pair below is a store of one side,
  // followed by a load of what the other has stored.
  std::atomic<bool> stopping_{false};
  std::atomic<bool> held_{false};        // Somebody may poll, alone.
  std::atomic<bool> refused_{false};     // A worker came while it was held.
  std::atomic<std::uint64_t> turns_{0};  // Of workers. Changed by the holder.
  std::atomic<bool> sleeps_{false};      // The thread needs signal_ to go on.
  wake_event signal_;
  std::thread thread_;
};

// Worker. The I/O thread of the current runtime, which starts when it is first needed. Throws
// std::system_error, std::bad_alloc; usage_error if the runtime has a poller of another kind, or
// on a thread that is no worker.
io_thread& current_io_thread();

// The same, as a system call: 0 or errno. For operations that would otherwise find out late that
// the I/O thread cannot start, when they have used up the last descriptors.
int start_io_thread();

}  // namespace magpie::io::internal

#endif  // MAGPIE_IO_INTERNAL_IO_THREAD_H_
