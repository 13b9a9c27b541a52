// The exceptions of the runtime itself.
#ifndef MAGPIE_RUNTIME_ERROR_H_
#define MAGPIE_RUNTIME_ERROR_H_

#include <stdexcept>
#include <string>

namespace magpie {

// Thrown out of a suspension point of a task that has been asked to stop. Let it pass: whoever
// asked waits for the task to end. Not a std::exception, as asyncio's CancelledError is no
// Exception: a handler of errors, around a wait inside a loop, must not take it for one. It carries
// no message to allocate, so throwing it cannot fail.
class cancelled {
 public:
  const char* what() const noexcept { return "magpie: the task was cancelled"; }
};

// A time limit has passed (with_timeout).
class timeout_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The program used the library in a way that cannot work; the message says what to do instead.
class usage_error : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// run() was ended by a signal (options::stop_on_signals).
class interrupted : public std::runtime_error {
 public:
  explicit interrupted(int signal)
      : std::runtime_error("magpie: ended by signal " + std::to_string(signal)), signal_(signal) {}

  int signal() const noexcept { return signal_; }

 private:
  int signal_;
};

// The runtime has been shut down, or is shutting down, and takes no new tasks.
class stopped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Nobody can receive what is sent, or nobody is left to send what is waited for.
class channel_closed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_ERROR_H_
