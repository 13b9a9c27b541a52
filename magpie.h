// All of magpie. Programs that care for compile time include what they use.
#ifndef MAGPIE_MAGPIE_H_
#define MAGPIE_MAGPIE_H_

#if !defined(__cpp_impl_coroutine)
#error "magpie needs C++20 with coroutines: compile with -std=c++20"
#endif

#include "magpie/io/address.h"
#include "magpie/io/tcp.h"
#include "magpie/runtime/blocking.h"
#include "magpie/runtime/broadcast.h"
#include "magpie/runtime/channel.h"
#include "magpie/runtime/clock.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/oneshot.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/queue.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/watch.h"

#endif  // MAGPIE_MAGPIE_H_
