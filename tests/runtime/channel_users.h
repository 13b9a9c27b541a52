// Tasks that send into a channel and receive from it.
#ifndef MAGPIE_TESTS_RUNTIME_CHANNEL_USERS_H_
#define MAGPIE_TESTS_RUNTIME_CHANNEL_USERS_H_

#include <memory>
#include <optional>
#include <vector>

#include "magpie/runtime/channel.h"
#include "magpie/runtime/task.h"

namespace magpie::testing {

using item = std::unique_ptr<int>;

inline task<> send_range(channel_sender<item> to, int from, int count) {
  for (int i = from; i < from + count; ++i)
    co_await to.send(std::make_unique<int>(i));
}

inline task<std::vector<int>> receive_all(channel_receiver<item> from) {
  std::vector<int> got;
  for (;;) {
    const std::optional<item> next = co_await from.receive();
    if (!next) break;
    got.push_back(**next);
  }
  co_return got;
}

inline std::vector<int> range(int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i)
    all.push_back(i);
  return all;
}

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_CHANNEL_USERS_H_
