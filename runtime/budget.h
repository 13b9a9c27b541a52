// The share of a worker's time that a task may take before it lets the others run.
#ifndef MAGPIE_RUNTIME_BUDGET_H_
#define MAGPIE_RUNTIME_BUDGET_H_

namespace magpie {

// On a worker, by an operation that may be ready every time it is awaited. False: the turn is used
// up; co_await yield() before the operation has any effect, since yield() may throw `cancelled`.
//
//   const bool lasts = magpie::spend_budget();
//   if (!lasts) co_await magpie::yield();
//
// A turn lasts for some dozens of such operations, about as long as as many system calls.
bool spend_budget() noexcept;

namespace internal {

// The same on a worker for what costs no more than a lock: a turn lasts for some thousand.
bool spend_little() noexcept;

}  // namespace internal
}  // namespace magpie

#endif  // MAGPIE_RUNTIME_BUDGET_H_
