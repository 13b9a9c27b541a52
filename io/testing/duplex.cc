#include "magpie/io/testing/duplex.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

#include "magpie/runtime/budget.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/sleep.h"

namespace magpie::testing {
namespace {

void refuse_zero(std::size_t size, const char* setter) {
  if (size != 0) return;
  throw std::invalid_argument(std::string("magpie: stream_script::") + setter +
                              " must be positive");
}

void refuse_zeros(const std::vector<std::size_t>& sizes, const char* setter) {
  for (const std::size_t each : sizes)
    refuse_zero(each, setter);
}

void deliver(std::errc failure, std::error_code* out, const char* operation) {
  const std::error_code code =
      failure == std::errc() ? std::error_code() : std::make_error_code(failure);
  if (out != nullptr) {
    *out = code;
  } else if (code) {
    throw std::system_error(code, std::string("magpie: ") + operation + " a duplex_stream");
  }
}

}  // namespace

// ---------------------------------------------------------------------------------- the script

stream_script& stream_script::read_sizes(std::vector<std::size_t> each) {
  refuse_zeros(each, "read_sizes");
  reads_.sizes = std::move(each);
  return *this;
}

stream_script& stream_script::read_at_most(std::size_t each) {
  refuse_zero(each, "read_at_most");
  reads_.at_most = each;
  return *this;
}

stream_script& stream_script::write_sizes(std::vector<std::size_t> each) {
  refuse_zeros(each, "write_sizes");
  writes_.sizes = std::move(each);
  return *this;
}

stream_script& stream_script::write_at_most(std::size_t each) {
  refuse_zero(each, "write_at_most");
  writes_.at_most = each;
  return *this;
}

stream_script& stream_script::fail_read_after(std::size_t bytes, std::errc error) {
  reads_.stop_after = bytes;
  reads_.error = error;
  return *this;
}

stream_script& stream_script::end_after(std::size_t bytes) {
  return fail_read_after(bytes, std::errc());
}

stream_script& stream_script::fail_write_after(std::size_t bytes, std::errc error) {
  writes_.stop_after = bytes;
  writes_.error = error;
  return *this;
}

stream_script& stream_script::capacity(std::size_t bytes) {
  refuse_zero(bytes, "capacity");
  capacity_ = bytes;
  return *this;
}

// ---------------------------------------------------------------------------------- one direction

// From one end to the other. An attempt says what there was; if there was nothing to do, the caller
// waits for the event, which is only cleared while there is nothing, and wakes all who wait.
class duplex_stream::pipe {
 public:
  struct outcome {
    std::errc failure{};
    std::size_t bytes = 0;
  };

  pipe(stream_script::direction writes, std::size_t capacity, stream_script::direction reads)
      : capacity_(capacity), writes_(std::move(writes)), reads_(std::move(reads)) {}

  event& readable() noexcept { return readable_; }
  event& writable() noexcept { return writable_; }
  clock::duration read_delay() const noexcept { return reads_.script.delay; }
  clock::duration write_delay() const noexcept { return writes_.script.delay; }

  std::optional<outcome> try_read(std::span<std::byte> into) {
    std::optional<outcome> result;
    {
      const std::lock_guard lock(mutex_);
      if (reader_gone_) return outcome{std::errc::operation_canceled};
      if (into.empty()) return outcome{};
      if (reads_.stopped()) return outcome{reads_.script.error};
      const std::size_t count = std::min({into.size(), reads_.most(), bytes_.size()});
      if (count == 0) {
        if (ended_) return outcome{};
        readable_.clear();
        return std::nullopt;
      }
      std::copy_n(bytes_.begin(), count, into.begin());
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(count));
      reads_.done += count;
      ++reads_.times;
      result = outcome{{}, count};
    }
    writable_.set();
    return result;
  }

  std::optional<outcome> try_write(std::span<const std::byte> from) {
    std::optional<outcome> result;
    {
      const std::lock_guard lock(mutex_);
      if (writer_gone_) return outcome{std::errc::operation_canceled};
      if (from.empty()) return outcome{};
      if (writes_.stopped()) return outcome{writes_.script.error};
      if (ended_ || reader_gone_) return outcome{std::errc::broken_pipe};
      const std::size_t room = capacity_ - bytes_.size();
      const std::size_t count = std::min({from.size(), writes_.most(), room});
      if (count == 0) {
        writable_.clear();
        return std::nullopt;
      }
      bytes_.insert(bytes_.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
      writes_.done += count;
      ++writes_.times;
      result = outcome{{}, count};
    }
    readable_.set();
    return result;
  }

  void end_writing(bool closed) noexcept {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      if (closed) writer_gone_ = true;
    }
    readable_.set();
    writable_.set();
  }

  void end_reading() noexcept {
    {
      const std::lock_guard lock(mutex_);
      reader_gone_ = true;
    }
    readable_.set();
    writable_.set();
  }

 private:
  // What one end does here, and how far it is.
  struct side {
    explicit side(stream_script::direction given) : script(std::move(given)) {}

    std::size_t most() const noexcept {
      const std::size_t size = times < script.sizes.size() ? script.sizes[times] : script.at_most;
      return std::min(size, script.stop_after - done);
    }
    bool stopped() const noexcept { return done == script.stop_after; }

    const stream_script::direction script;
    std::size_t done = 0;   // Bytes.
    std::size_t times = 0;  // Pieces.
  };

  const std::size_t capacity_;
  std::mutex mutex_;
  // Under mutex_.
  side writes_;
  side reads_;
  std::deque<std::byte> bytes_;
  bool ended_ = false;
  bool writer_gone_ = false;
  bool reader_gone_ = false;

  event readable_;
  event writable_;
};

struct duplex_stream::end {
  std::shared_ptr<pipe> in;
  std::shared_ptr<pipe> out;
  std::atomic<bool> open{true};

  void close() noexcept {
    if (!open.exchange(false)) return;
    in->end_reading();
    out->end_writing(true);
  }
};

// ---------------------------------------------------------------------------------- operations

task<std::size_t> duplex_stream::read_from(std::shared_ptr<end> from, std::span<std::byte> into,
                                           std::error_code* error) {
  const bool lasts = spend_budget();
  if (!lasts) co_await yield();
  if (from == nullptr) {
    deliver(std::errc::bad_file_descriptor, error, "read from");
    co_return 0;
  }
  pipe& in = *from->in;
  if (in.read_delay() > clock::duration::zero()) co_await sleep_for(in.read_delay());
  std::optional<pipe::outcome> result = in.try_read(into);
  while (!result.has_value()) {
    co_await in.readable().wait();
    result = in.try_read(into);
  }
  deliver(result->failure, error, "read from");
  co_return result->bytes;
}

task<std::size_t> duplex_stream::write_to(std::shared_ptr<end> to, std::span<const std::byte> from,
                                          bool all, std::error_code* error) {
  std::size_t written = 0;
  std::errc failure = to == nullptr ? std::errc::bad_file_descriptor : std::errc();
  while (failure == std::errc()) {
    const bool lasts = spend_budget();
    if (!lasts) co_await yield();
    pipe& out = *to->out;
    if (out.write_delay() > clock::duration::zero()) co_await sleep_for(out.write_delay());
    std::optional<pipe::outcome> result = out.try_write(from.subspan(written));
    while (!result.has_value()) {
      co_await out.writable().wait();
      result = out.try_write(from.subspan(written));
    }
    failure = result->failure;
    written += result->bytes;
    if (!all || written == from.size()) break;
  }
  deliver(failure, error, "write to");
  co_return written;
}

// ---------------------------------------------------------------------------------- one end

duplex_stream::duplex_stream(std::shared_ptr<end> own) noexcept : end_(std::move(own)) {}

duplex_stream& duplex_stream::operator=(duplex_stream&& other) noexcept {
  if (this == &other) return *this;
  close();
  end_ = std::move(other.end_);
  return *this;
}

duplex_stream::~duplex_stream() {
  close();
}

task<std::size_t> duplex_stream::read(std::span<std::byte> into) {
  return read_from(end_, into, nullptr);
}

task<std::size_t> duplex_stream::read(std::span<std::byte> into, std::error_code& error) {
  return read_from(end_, into, &error);
}

task<> duplex_stream::write(std::span<const std::byte> from) {
  static const auto all = [](std::shared_ptr<end> to, std::span<const std::byte> bytes) -> task<> {
    co_await write_to(std::move(to), bytes, true, nullptr);
  };
  return all(end_, from);
}

task<> duplex_stream::write(std::span<const std::byte> from, std::error_code& error) {
  static const auto all = [](std::shared_ptr<end> to, std::span<const std::byte> bytes,
                             std::error_code& failure) -> task<> {
    co_await write_to(std::move(to), bytes, true, &failure);
  };
  return all(end_, from, error);
}

task<std::size_t> duplex_stream::write_some(std::span<const std::byte> from) {
  return write_to(end_, from, false, nullptr);
}

task<std::size_t> duplex_stream::write_some(std::span<const std::byte> from,
                                            std::error_code& error) {
  return write_to(end_, from, false, &error);
}

void duplex_stream::shutdown_write() {
  std::error_code error;
  shutdown_write(error);
  if (error) throw std::system_error(error, "magpie: shut down a duplex_stream");
}

void duplex_stream::shutdown_write(std::error_code& error) noexcept {
  error.clear();
  if (end_ == nullptr) {
    error = std::make_error_code(std::errc::bad_file_descriptor);
  } else if (!end_->open.load()) {
    error = std::make_error_code(std::errc::operation_canceled);
  } else {
    end_->out->end_writing(false);
  }
}

void duplex_stream::close() noexcept {
  if (end_ != nullptr) end_->close();
}

bool duplex_stream::is_open() const noexcept {
  return end_ != nullptr && end_->open.load();
}

std::pair<duplex_stream, duplex_stream> duplex_stream::connect(const stream_script& first,
                                                               const stream_script& second) {
  const auto there = std::make_shared<pipe>(first.writes_, first.capacity_, second.reads_);
  const auto back = std::make_shared<pipe>(second.writes_, second.capacity_, first.reads_);
  auto one = std::make_shared<end>();
  auto other = std::make_shared<end>();
  one->in = other->out = back;
  one->out = other->in = there;
  return {duplex_stream(std::move(one)), duplex_stream(std::move(other))};
}

std::pair<duplex_stream, duplex_stream> make_duplex(const stream_script& first,
                                                    const stream_script& second) {
  return duplex_stream::connect(first, second);
}

}  // namespace magpie::testing
