// The signals of the process, told to whoever wants to know, on an ordinary thread.
#ifndef MAGPIE_RUNTIME_INTERNAL_SIGNAL_HUB_H_
#define MAGPIE_RUNTIME_INTERNAL_SIGNAL_HUB_H_

#include <vector>

namespace magpie::internal {

// Installs handlers while it exists, and puts back what was there before when the last listener of
// a signal goes.
class signal_listener {
 public:
  signal_listener(const signal_listener&) = delete;
  signal_listener& operator=(const signal_listener&) = delete;

 protected:
  signal_listener() = default;
  virtual ~signal_listener() = default;

  // Any thread but the hub's. From now on on_signal() may be called. Throws usage_error for what is
  // no signal or cannot be caught, std::system_error if the system refuses a thread,
  // std::bad_alloc.
  void listen(std::vector<int> signals);
  // on_signal() is called no more. Once after each listen(), by the derived class.
  void stop_listening() noexcept;

 private:
  friend class signal_hub;
  // The hub's thread, under its lock. Once for each signal that has come, in no particular order
  // among different signals.
  virtual void on_signal(int signal) noexcept = 0;

  std::vector<int> signals_;
};

// Does to this process what the signal does to one that never heard of it.
[[noreturn]] void die_of(int signal) noexcept;

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_SIGNAL_HUB_H_
