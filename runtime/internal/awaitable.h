// What lock(), wait() and their like return, until it is awaited.
#ifndef MAGPIE_RUNTIME_INTERNAL_AWAITABLE_H_
#define MAGPIE_RUNTIME_INTERNAL_AWAITABLE_H_

namespace magpie::internal {

// Makes an awaiter for each co_await: an awaiter, as every suspension, is for one wait.
template <class Awaiter, class Source>
class [[nodiscard("this does nothing until it is awaited")]] awaitable {
 public:
  explicit awaitable(Source& from) noexcept : from_(from) {}
  Awaiter operator co_await() const noexcept { return Awaiter(from_); }

 private:
  Source& from_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_AWAITABLE_H_
