// A coroutine as a callback: nobody would await what it makes.
//
// rejected 2 times: magpie: this function makes a task, which nobody would await
// rejected: magpie: this callback makes a task, which nobody would await
#include <chrono>

#include "magpie/runtime/call_later.h"
#include "magpie/runtime/spawn.h"

magpie::task<> save();

void caller(magpie::join_handle<>& task) {
#ifdef WRONG
  magpie::call_soon(save);
  magpie::call_later(std::chrono::seconds(1), [] { return save(); });
  task.on_end(save);
#else
  magpie::call_soon([] { magpie::spawn(save()).detach(); });
  magpie::call_later(std::chrono::seconds(1), [] { magpie::spawn(save()).detach(); });
  task.on_end([] { magpie::spawn(save()).detach(); });
#endif
}
