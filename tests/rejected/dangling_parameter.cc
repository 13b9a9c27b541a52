// With MAGPIE_CHECK_LIFETIMES clang finds temporaries that are gone before the task runs.
//
// flags for clang: -DMAGPIE_CHECK_LIFETIMES
// rejected by clang: 'kept' will be destroyed
// rejected by clang: 'handle' will be destroyed
// rejected by clang: 'captured' will be destroyed
// rejected by clang: 'spawned' will be destroyed
// rejected by clang: 'child' will be destroyed
// rejected by clang: 'both' will be destroyed
#include <string>
#include <utility>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/keep.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task_group.h"

magpie::task<> send(const std::string& text);

magpie::task<> caller(int number, magpie::task_group& group) {
#ifdef WRONG
  // [wrong]
  auto kept = send(std::string("hello"));
  auto handle = magpie::spawn(send(std::string("hello")));
  auto captured = [number]() -> magpie::task<> { co_await send(std::to_string(number)); }();
  // [wrong end]
  auto spawned =
      magpie::spawn([number]() -> magpie::task<> { co_await send(std::to_string(number)); }());
  auto child = group.spawn(send(std::string("hello")));
  auto both = magpie::gather(send(std::string("hello")), send(std::string("you")));
#else
  // [right]
  const std::string hello = "hello";
  auto kept = send(hello);
  auto handle = magpie::spawn(magpie::keep(send, std::string("hello")));
  auto lambda = [number]() -> magpie::task<> { co_await send(std::to_string(number)); };
  auto captured = lambda();
  // [right end]
  auto spawned = magpie::spawn(magpie::keep(lambda));
  auto child = group.spawn(send(hello));
  auto both = magpie::gather(send(hello), send(hello));
  co_await magpie::gather(send(std::string("hello")), send(std::string("you")));
  co_await send(std::string("hello"));
#endif
  co_await std::move(kept);
  co_await handle;
  co_await std::move(captured);
  co_await spawned;
  co_await child;
  co_await std::move(both);
}
