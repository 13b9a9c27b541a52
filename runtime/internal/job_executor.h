// What runs ordinary functions for tasks, away from the workers: the oneTBB arena behind cpu(), the
// thread pool behind blocking(), and the turns of a simulation.
#ifndef MAGPIE_RUNTIME_INTERNAL_JOB_EXECUTOR_H_
#define MAGPIE_RUNTIME_INTERNAL_JOB_EXECUTOR_H_

#include <cstddef>

#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/suspension.h"

namespace magpie::internal {

// A function that a task waits for. Lives in the awaiter.
class job : public suspension {
 public:
  // On a thread of the executor. Keeps the result or the exception; then resume() is due.
  virtual void execute() noexcept = 0;

 protected:
  job() = default;
  virtual ~job() = default;

 private:
  friend class job_queue;
  job* next_job_ = nullptr;   // Under the queue's lock.
  job** job_link_ = nullptr;  // Under the queue's lock; null when not queued.
};

// Jobs that wait for a thread, oldest first. While it stands here a job can be cancelled; from then
// on its task waits until it has ended.
class job_queue {
 public:
  job_queue() = default;
  job_queue(const job_queue&) = delete;
  job_queue& operator=(const job_queue&) = delete;

  // Any thread.
  void push(job& waiting) noexcept;
  // Any thread. The oldest job that nobody has cancelled; the caller executes and resumes it.
  job* pop() noexcept;
  // Any thread. Nothing touches the job afterwards, if it had not been popped.
  void remove(job& waiting) noexcept;
  bool empty() const noexcept;

 private:
  void unlink(job& waiting) noexcept;

  mutable mutex mutex_;
  job* first_ = nullptr;  // Under mutex_.
  job** last_ = &first_;  // Under mutex_.
};

class job_executor {
 public:
  job_executor() = default;
  job_executor(const job_executor&) = delete;
  job_executor& operator=(const job_executor&) = delete;
  // When no job is left. Waits for its threads.
  virtual ~job_executor() = default;

  // Worker. Throws if the job can never run; then it is not queued.
  virtual void submit(job& what) = 0;
  // Worker. The job was cancelled before it ran, or has run.
  virtual void withdraw(job& what) noexcept = 0;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_JOB_EXECUTOR_H_
