// TCP: listen, connect, read, write.
//
//   magpie::task<> echo(magpie::io::tcp_stream peer) {
//     std::array<std::byte, 4096> buffer;
//     for (;;) {
//       const std::size_t n = co_await peer.read(buffer);
//       if (n == 0) co_return;
//       co_await peer.write(std::span(buffer).first(n));
//     }
//   }
//
// Errors. Each operation has two forms: one throws std::system_error, whose message names the
// operation and the address; one sets a std::error_code, which outlives the operation, and gives a
// result without meaning if that is set. On an object that is moved from or made without arguments:
// std::errc::bad_file_descriptor. Both forms throw `cancelled` when the task is cancelled,
// std::bad_alloc, and usage_error when two runtimes wait for one socket at once.
//
// close() may be called by any thread at any time, also by the destructor. Operations that are
// pending, and all later ones, end with std::errc::operation_canceled. A peer that has gone causes
// an error (std::errc::broken_pipe, connection_reset) and never SIGPIPE.
//
// Several tasks may use one object at once, one to read and one to write. Two that read get
// separate pieces of the stream; the pieces of two that write may mix. A socket may be used in one
// runtime after another, and closed when no runtime is left.
#ifndef MAGPIE_IO_TCP_H_
#define MAGPIE_IO_TCP_H_

#include <cstddef>
#include <memory>
#include <span>
#include <system_error>

#include "magpie/io/address.h"
#include "magpie/runtime/clock.h"
#include "magpie/runtime/task.h"

namespace magpie::io {

namespace internal {
class descriptor;
}  // namespace internal

// connect_options().timeout(2s)
class connect_options {
 public:
  connect_options() = default;

  // How long to wait for the peer; then the error is std::errc::timed_out. Positive, else
  // std::invalid_argument. Default: the system's own limit, some two minutes.
  template <class Rep, class Period>
  connect_options& timeout(std::chrono::duration<Rep, Period> limit) {
    return set_timeout(magpie::internal::saturated(limit));
  }
  clock::duration timeout() const noexcept { return timeout_; }

 private:
  connect_options& set_timeout(clock::duration limit);

  clock::duration timeout_ = clock::duration::max();
};

// listen_options().backlog(64)
class listen_options {
 public:
  listen_options() = default;

  // Connections that wait to be accepted; positive, else std::invalid_argument. The system has a
  // limit of its own. Default: 4096.
  listen_options& backlog(int most);
  int backlog() const noexcept { return backlog_; }

  // Whether a port can be taken again at once after its last listener has closed. Default: true.
  listen_options& reuse_address(bool wanted) noexcept;
  bool reuse_address() const noexcept { return reuse_address_; }

 private:
  int backlog_ = 4096;
  bool reuse_address_ = true;
};

// One connection. Moves only; its destructor closes it.
class tcp_stream {
 public:
  // Connected to nothing.
  tcp_stream() noexcept = default;
  tcp_stream(tcp_stream&& other) noexcept;
  tcp_stream& operator=(tcp_stream&& other) noexcept;
  ~tcp_stream();

  MAGPIE_COROUTINE_WRAPPER static task<tcp_stream> connect(address to,
                                                           connect_options options = {});
  MAGPIE_COROUTINE_WRAPPER static task<tcp_stream> connect(address to, std::error_code& error);
  MAGPIE_COROUTINE_WRAPPER static task<tcp_stream> connect(address to, connect_options options,
                                                           std::error_code& error);

  // Waits for the first bytes and gives how many there are, at most the size of the buffer. 0: the
  // peer sends no more, or the buffer is empty. The buffer outlives the operation.
  MAGPIE_COROUTINE_WRAPPER task<std::size_t> read(std::span<std::byte> into);
  MAGPIE_COROUTINE_WRAPPER task<std::size_t> read(std::span<std::byte> into,
                                                  std::error_code& error);

  // Ends when all bytes have been handed to the kernel. After an error or a cancellation, some of
  // them may have been.
  MAGPIE_COROUTINE_WRAPPER task<> write(std::span<const std::byte> from);
  MAGPIE_COROUTINE_WRAPPER task<> write(std::span<const std::byte> from, std::error_code& error);

  // Sends no more; the peer reads 0 after what has been written. Reading goes on.
  void shutdown_write();
  void shutdown_write(std::error_code& error) noexcept;

  // Small writes leave at once instead of waiting for the acknowledgement of the last ones.
  void set_no_delay(bool wanted);

  void close() noexcept;
  bool is_open() const noexcept;

  // local_address() throws std::system_error on an object that is not connected; remote_address()
  // is 0.0.0.0:0 then.
  address local_address() const;
  address remote_address() const noexcept { return remote_; }

 private:
  friend class tcp_listener;
  tcp_stream(std::shared_ptr<internal::descriptor> connected, const address& remote) noexcept;

  static task<tcp_stream> start_connect(address to, clock::duration limit, std::error_code* error);

  // Shared with the operations that are pending.
  std::shared_ptr<internal::descriptor> socket_;
  address remote_;
};

// A port that takes connections. Moves only; its destructor closes it.
class tcp_listener {
 public:
  // Listens to nothing.
  tcp_listener() noexcept = default;
  tcp_listener(tcp_listener&& other) noexcept;
  tcp_listener& operator=(tcp_listener&& other) noexcept;
  ~tcp_listener();

  // Any thread, also outside of a runtime. Connections are taken from now on, and wait for
  // accept(). Port 0: the system chooses one; see local_address(). An IPv6 address takes IPv6
  // connections only.
  static tcp_listener bind(const address& at, const listen_options& options = {});
  static tcp_listener bind(const address& at, std::error_code& error);
  static tcp_listener bind(const address& at, const listen_options& options,
                           std::error_code& error);

  // Waits for a connection. Goes on after errors that concern only that one connection. When the
  // process or the system is out of descriptors or of memory for sockets, tries again, less and
  // less often, until there are some. Several tasks may accept at once.
  MAGPIE_COROUTINE_WRAPPER task<tcp_stream> accept();
  MAGPIE_COROUTINE_WRAPPER task<tcp_stream> accept(std::error_code& error);

  void close() noexcept;
  bool is_open() const noexcept;

  // With the port that the system has chosen; 0.0.0.0:0 if it listens to nothing.
  address local_address() const noexcept { return local_; }

 private:
  tcp_listener(std::shared_ptr<internal::descriptor> listening, const address& local) noexcept;

  static task<tcp_stream> start_accept(std::shared_ptr<internal::descriptor> from, address local,
                                       std::error_code* error);

  // Shared with the operations that are pending.
  std::shared_ptr<internal::descriptor> socket_;
  address local_;
};

}  // namespace magpie::io

#endif  // MAGPIE_IO_TCP_H_
