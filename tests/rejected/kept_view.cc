// keep() keeps what it is given, and not what that refers to.
//
// rejected 4 times: magpie: keep() was given a view, whose elements may be gone while the task runs
// rejected: magpie: keep() was given an array, of which it would keep a pointer
// rejected: magpie: keep() was given a std::initializer_list
// rejected: magpie: unowned() is for views
#include <functional>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "magpie/runtime/keep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task_group.h"

magpie::task<> print(std::string_view line);
magpie::task<> print_all(std::span<const int> numbers);
magpie::task<> print_some(std::vector<int> numbers);

magpie::task<> caller(magpie::task_group& group, std::string line, std::string_view name,
                      std::vector<int> numbers) {
  auto print_lazily = [](auto view) -> magpie::task<> {
    for (const int each : view)
      co_await magpie::spawn(magpie::keep(print, std::to_string(each)));
  };
#ifdef WRONG
  // [wrong]
  auto whole = magpie::spawn(magpie::keep(print, std::string_view(line)));
  // [wrong end]
  auto named = magpie::spawn(magpie::keep(print, name), "named");
  auto child = group.spawn(magpie::keep(print_all, std::span(numbers)));
  auto lazy = magpie::spawn(magpie::keep(
      print_lazily,
      numbers | std::views::take(2) | std::views::transform([](int i) { return i + 1; })));
  char buffer[10] = "text";
  auto text = magpie::spawn(magpie::keep(print, buffer));
  const std::initializer_list<int> listed{1, 2};
  auto list = magpie::spawn(magpie::keep(print_some, listed));
  auto owned = magpie::spawn(magpie::keep(print, magpie::unowned(line)));
#else
  // [right]
  auto whole = magpie::spawn(magpie::keep(print, line));
  // [right end]
  auto named = magpie::spawn(magpie::keep(print, magpie::unowned(name)), "named");
  auto child = group.spawn(magpie::keep(print_all, numbers));
  auto lazy = magpie::spawn(magpie::keep(print_lazily, std::views::iota(1, 3)));
  auto text = magpie::spawn(magpie::keep(print, "text"));
  auto list = magpie::spawn(magpie::keep(print_some, std::vector<int>{1, 2}));
  auto owned = magpie::spawn(magpie::keep(print, std::ref(line)));
#endif
  co_await whole;
  co_await named;
  co_await child;
  co_await lazy;
  co_await text;
  co_await list;
  co_await owned;
}
