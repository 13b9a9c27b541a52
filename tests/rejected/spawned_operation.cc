// Operations that refer to what the spawned task may find gone.
//
// rejected 2 times: magpie: put(std::move(x)) and send(std::move(x)) leave x where it is
// rejected: magpie: what has a name may be gone while a spawned task awaits it
#include <string>
#include <utility>

#include "magpie/runtime/channel.h"
#include "magpie/runtime/queue.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task_group.h"

magpie::task<> put_later(magpie::queue<std::string>& into, std::string item) {
  co_await into.put(std::move(item));
}

magpie::task<> caller(magpie::queue<std::string>& queue, magpie::channel_sender<std::string> out,
                      magpie::task_group& group, magpie::join_handle<> other, std::string line) {
#ifdef WRONG
  auto put = magpie::spawn(queue.put(std::string("hello")));
  auto sent = group.spawn(out.send(std::move(line)));
  auto waits = magpie::spawn(other);
#else
  auto put = magpie::spawn(put_later(queue, "hello"));
  auto sent = group.spawn(out.send(line));
  auto waits = magpie::spawn(std::move(other));
#endif
  co_await put;
  co_await sent;
  co_await waits;
}
