// The place of the tasks of a strand: one turn after the other.
#ifndef MAGPIE_RUNTIME_INTERNAL_STRAND_PLACE_H_
#define MAGPIE_RUNTIME_INTERNAL_STRAND_PLACE_H_

#include <memory>

#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/place.h"

namespace magpie::internal {

class strand_place final : public place, public std::enable_shared_from_this<strand_place> {
 public:
  bool enter(promise_base& ready, worker& /*here*/) noexcept override { return enter(ready); }
  bool enter(promise_base& ready) noexcept;  // On whichever worker.

  // Hands the strand over to the one that waits longest, past those that come meanwhile.
  promise_base* leave() noexcept override;

 private:
  mutex mutex_;
  // All of these: under mutex_.
  // Null if nobody runs or is next. The task that runs may be the last that has kept the strand.
  std::shared_ptr<strand_place> kept_by_itself_;
  promise_base* next_ = nullptr;  // Whose turn it is, when it has not begun.
  promise_base* first_waiting_ = nullptr;
  promise_base* last_waiting_ = nullptr;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_STRAND_PLACE_H_
