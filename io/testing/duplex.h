// Two ends of a connection in memory, for tests of what reads and writes: with the members of
// io::tcp_stream that move bytes (and write_some(), which that one has not), and with short reads
// and writes, delays, errors and ends where a test wants them.
//
//   auto [client, server] = make_duplex(stream_script().read_at_most(1));
//   co_await server.write(greeting);
//   co_await expect_greeting(client);  // A byte at a time.
//
// Works in a simulation and on threads, in any runtime. What an error throws, and which, is as in
// io/tcp.h.
#ifndef MAGPIE_IO_TESTING_DUPLEX_H_
#define MAGPIE_IO_TESTING_DUPLEX_H_

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/task.h"

namespace magpie::testing {

// What happens to the reads and writes of one end. Setters return *this. Sizes are in bytes, and
// one of zero is refused with std::invalid_argument, but for the places of errors and of the end.
class stream_script {
 public:
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

  // The most that each read gives: the first of these for the first that gives anything, and so on,
  // and then no limit; or the same for all.
  stream_script& read_sizes(std::vector<std::size_t> each);
  stream_script& read_at_most(std::size_t each);

  // The most that goes to the other end at once. write() goes on until all has gone; write_some()
  // then gives how much it was.
  stream_script& write_sizes(std::vector<std::size_t> each);
  stream_script& write_at_most(std::size_t each);

  // When this end has read so many bytes, its reads fail, or give 0 as at the end. The bytes before
  // arrive.
  stream_script& fail_read_after(std::size_t bytes, std::errc error);
  stream_script& end_after(std::size_t bytes);

  // When this end has written so many bytes, its writes fail; the bytes before have gone.
  stream_script& fail_write_after(std::size_t bytes, std::errc error);

  // Each read, each piece of a write takes so long, before anything happens.
  template <class Rep, class Period>
  stream_script& read_delay(std::chrono::duration<Rep, Period> each) {
    reads_.delay = internal::saturated(each);
    return *this;
  }
  template <class Rep, class Period>
  stream_script& write_delay(std::chrono::duration<Rep, Period> each) {
    writes_.delay = internal::saturated(each);
    return *this;
  }

  // How much may have been written here and not yet been read; writes wait for room. Default:
  // 65,536.
  stream_script& capacity(std::size_t bytes);

 private:
  friend class duplex_stream;

  // One direction.
  struct direction {
    std::vector<std::size_t> sizes;
    std::size_t at_most = no_limit;
    std::size_t stop_after = no_limit;
    std::errc error{};  // Then; none is the end.
    clock::duration delay = clock::duration::zero();
  };

  direction reads_;
  direction writes_;
  std::size_t capacity_ = 65'536;
};

// One end. Moves only; its destructor closes it. As with a tcp_stream, several tasks may use it at
// once, and any thread may close it. An operation keeps what it needs when its end is moved.
class duplex_stream {
 public:
  // Connected to nothing: std::errc::bad_file_descriptor.
  duplex_stream() noexcept = default;
  duplex_stream(duplex_stream&& other) noexcept = default;
  duplex_stream& operator=(duplex_stream&& other) noexcept;
  ~duplex_stream();

  // Waits for the first bytes and gives how many there are, at most the size of the buffer. 0: the
  // other end sends no more, or the buffer is empty. Cancelled: has taken nothing.
  MAGPIE_COROUTINE_WRAPPER task<std::size_t> read(std::span<std::byte> into);
  MAGPIE_COROUTINE_WRAPPER task<std::size_t> read(std::span<std::byte> into,
                                                  std::error_code& error);

  // Ends when all bytes have gone to the other end, which need not have read them. After an error
  // or a cancellation, some may have.
  MAGPIE_COROUTINE_WRAPPER task<> write(std::span<const std::byte> from);
  MAGPIE_COROUTINE_WRAPPER task<> write(std::span<const std::byte> from, std::error_code& error);

  // One piece: how many bytes have gone, 0 only of none. Cancelled: none.
  MAGPIE_COROUTINE_WRAPPER task<std::size_t> write_some(std::span<const std::byte> from);
  MAGPIE_COROUTINE_WRAPPER task<std::size_t> write_some(std::span<const std::byte> from,
                                                        std::error_code& error);

  // Sends no more; the other end reads 0 after what has been written. Reading goes on.
  void shutdown_write();
  void shutdown_write(std::error_code& error) noexcept;

  // Pending operations of this end, and all later ones, end with operation_canceled; the other end
  // reads what is left and then 0, and its writes fail with broken_pipe.
  void close() noexcept;
  bool is_open() const noexcept;

 private:
  friend std::pair<duplex_stream, duplex_stream> make_duplex(const stream_script& first,
                                                             const stream_script& second);
  class pipe;
  struct end;
  explicit duplex_stream(std::shared_ptr<end> own) noexcept;
  static std::pair<duplex_stream, duplex_stream> connect(const stream_script& first,
                                                         const stream_script& second);

  static task<std::size_t> read_from(std::shared_ptr<end> from, std::span<std::byte> into,
                                     std::error_code* error);
  static task<std::size_t> write_to(std::shared_ptr<end> to, std::span<const std::byte> from,
                                    bool all, std::error_code* error);

  // Shared with the operations that are pending.
  std::shared_ptr<end> end_;
};

// Two ends that are connected with each other. Any thread, also outside of a runtime.
std::pair<duplex_stream, duplex_stream> make_duplex(const stream_script& first = stream_script(),
                                                    const stream_script& second = stream_script());

}  // namespace magpie::testing

#endif  // MAGPIE_IO_TESTING_DUPLEX_H_
