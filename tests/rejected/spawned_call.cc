// What spawn() cannot make a task of.
//
// rejected: magpie: spawn() takes a callable that returns a magpie::task
// rejected: magpie: spawn() cannot call this with these arguments.
// rejected: magpie: spawn() keeps copies of the callable and of its arguments
// rejected: magpie: spawn() takes up to four arguments without a name
// rejected: magpie: the name of a task stands behind it
#include <functional>
#include <memory>
#include <utility>

#include "magpie/runtime/spawn.h"

magpie::task<int> add(int a, int b, int c, int d, int e);
magpie::task<> change(int& number);
magpie::task<> take(std::unique_ptr<int> number);
void compute();

magpie::task<> caller(int number, std::unique_ptr<int> owned) {
#ifdef WRONG
  magpie::spawn(compute).detach();
  magpie::spawn([] { compute(); }).detach();
  // [wrong]
  magpie::spawn(change, number).detach();
  magpie::spawn(take, owned).detach();
  // [wrong end]
  magpie::spawn(add, 1, 2, 3, 4, 5).detach();
  magpie::spawn("sum", add(1, 2, 3, 4, 5)).detach();
#else
  // [right]
  magpie::spawn(change, std::ref(number)).detach();
  magpie::spawn(take, std::move(owned)).detach();
  // [right end]
  magpie::spawn("sum", add, 1, 2, 3, 4, 5).detach();
  magpie::spawn(add(1, 2, 3, 4, 5), "sum").detach();
  magpie::spawn([] { return add(1, 2, 3, 4, 5); }).detach();
#endif
  co_return;
}
