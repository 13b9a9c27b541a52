// A task that is started, and whose handle is dropped at once.
//
// rejected: dropping a join_handle detaches the task; say so with detach()
#include "magpie/runtime/spawn.h"

magpie::task<> send_mail();

#ifdef WRONG
// [wrong]
magpie::task<> take_order() {
  magpie::spawn(send_mail(), "mail");
  co_return;
}
// [wrong end]
#else
// [right]
magpie::task<> take_order() {
  magpie::join_handle<> mail = magpie::spawn(send_mail(), "mail");
  co_await mail;
}
// [right end]
#endif
