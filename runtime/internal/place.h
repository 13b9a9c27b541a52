// Where the turns of a task may run, for those tasks that may not run anywhere at any time: on one
// worker (pinned.h), or one after another with those of other tasks (strand.h).
//
// A worker asks when it is about to resume a coroutine, and nowhere else: so it makes no difference
// how that became ready, or who stole it.
#ifndef MAGPIE_RUNTIME_INTERNAL_PLACE_H_
#define MAGPIE_RUNTIME_INTERNAL_PLACE_H_

namespace magpie::internal {

class worker;
struct promise_base;

class place {
 public:
  place(const place&) = delete;
  place& operator=(const place&) = delete;

  // The worker `here`, which has taken `ready` out of its queue. True: it resumes it now, and then
  // calls leave(); until then the place exists. False: the place has taken `ready`, which has its
  // turn later.
  virtual bool enter(promise_base& ready, worker& here) noexcept = 0;

  // Null, or who may have the next turn; the caller makes it ready.
  virtual promise_base* leave() noexcept = 0;

 protected:
  place() = default;
  ~place() = default;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_PLACE_H_
