// All of magpie. Programs that care for compile time include what they use.
#ifndef MAGPIE_MAGPIE_H_
#define MAGPIE_MAGPIE_H_

#if !defined(__cpp_impl_coroutine)
#error "magpie needs C++20 with coroutines: compile with -std=c++20"
#endif

#include "magpie/io/address.h"
#include "magpie/io/tcp.h"
#include "magpie/runtime/barrier.h"
#include "magpie/runtime/blocking.h"
#include "magpie/runtime/broadcast.h"
#include "magpie/runtime/call_later.h"
#include "magpie/runtime/cancel_scope.h"
#include "magpie/runtime/channel.h"
#include "magpie/runtime/clock.h"
#include "magpie/runtime/condition.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/current_task.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/first_of.h"
#include "magpie/runtime/from_callback.h"
#include "magpie/runtime/future.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/generator.h"
#include "magpie/runtime/latch.h"
#include "magpie/runtime/mutex.h"
#include "magpie/runtime/oneshot.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/outcome.h"
#include "magpie/runtime/queue.h"
#include "magpie/runtime/rate_limiter.h"
#include "magpie/runtime/retry.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/semaphore.h"
#include "magpie/runtime/shared_mutex.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/std_future.h"
#include "magpie/runtime/stop_token.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/task_group.h"
#include "magpie/runtime/timeout.h"
#include "magpie/runtime/wait.h"
#include "magpie/runtime/watch.h"

#endif  // MAGPIE_MAGPIE_H_
