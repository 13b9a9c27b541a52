// Tasks as the guests of a loop that belongs to somebody else: here one with poll(), which reads
// lines; it could be that of a user interface. Each line is answered a moment later, by a task.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include "magpie/magpie.h"

using namespace std::chrono_literals;

// All tasks run on the thread of the loop: they need no lock for what they share with it.
magpie::task<> answer(std::string line, int& answered) {
  co_await magpie::sleep_for(10ms);
  std::cout << std::to_string(++answered) + ": " + line << std::flush;
}

// How long poll() may wait, in milliseconds; -1: for ever.
int time_left(magpie::clock::time_point until) {
  if (until == magpie::clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - magpie::clock::now());
  return left < 0ms ? 0 : static_cast<int>(left.count());
}

int main() {
  magpie::io::guest_runtime guest;
  int answered = 0;
  bool open = true;
  std::string line;
  while (open || guest.live_tasks() != 0) {
    std::array<pollfd, 2> waited{{{guest.descriptor(), POLLIN, 0}, {open ? 0 : -1, POLLIN, 0}}};
    ::poll(waited.data(), waited.size(), time_left(guest.deadline()));
    if (waited[1].revents != 0) {
      std::array<char, 256> read{};
      const auto count = ::read(0, read.data(), read.size());
      open = count > 0;
      for (const char next : std::string_view(read.data(), open ? count : 0)) {
        line += next;
        if (next == '\n') guest.spawn(answer(std::exchange(line, {}), answered)).detach();
      }
    }
    guest.run_ready();
  }
  std::cout << "All " << answered << " lines are answered\n";
}
