// A list that comes in pages, as most web interfaces give them. The generator fetches a page when
// the last one has been used up; whoever stops early fetches no more.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "magpie/examples/stopwatch.h"
#include "magpie/magpie.h"

using namespace std::chrono_literals;

magpie::task<std::vector<std::string>> fetch_page(int number) {
  co_await magpie::sleep_for(1s);
  std::vector<std::string> titles;
  for (int i = 3 * number; i < std::min(3 * number + 3, 8); ++i)
    titles.push_back("book " + std::to_string(i + 1));
  co_return titles;
}

magpie::generator<std::string> books(std::ostream& out, stopwatch watch) {
  for (int page = 0;; ++page) {
    const std::vector<std::string> titles = co_await fetch_page(page);
    out << watch.elapsed() + "page " + std::to_string(page + 1) + "\n";
    if (titles.empty()) co_return;
    for (const std::string& title : titles)
      co_yield title;
  }
}

magpie::task<> list_until(std::ostream& out, std::string wanted) {
  const stopwatch watch;
  auto all = books(out, watch);
  for (;;) {
    const std::optional<std::string> title = co_await all.next();
    if (!title) break;
    out << watch.elapsed() + *title + "\n";
    if (*title == wanted) break;
  }
}

magpie::task<> pages(std::ostream& out) {
  co_await list_until(out, "book 5");  // Two pages will do.
  co_await list_until(out, "no such book");
}

int main() {
  magpie::run(pages(std::cout));
}
