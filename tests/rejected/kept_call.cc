// What keep() cannot make a task of, and spawn() not start.
//
// rejected: magpie: keep() takes a callable that returns a magpie::task
// rejected: magpie: keep() cannot call this with these arguments.
// rejected: magpie: keep() keeps copies of the callable and of its arguments
// rejected: magpie: spawn() takes a task, which the call of a coroutine is: spawn(f(x)).
#include <functional>
#include <memory>
#include <utility>

#include "magpie/runtime/keep.h"
#include "magpie/runtime/spawn.h"

magpie::task<int> add(int a, int b, int c, int d, int e);
magpie::task<> change(int& number);
magpie::task<> take(std::unique_ptr<int> number);
void compute();

magpie::task<> caller(int number, std::unique_ptr<int> owned) {
#ifdef WRONG
  magpie::spawn(magpie::keep(compute)).detach();
  magpie::spawn(magpie::keep([] { compute(); })).detach();
  // [wrong]
  magpie::spawn(magpie::keep(change, number)).detach();
  magpie::spawn(magpie::keep(take, owned)).detach();
  // [wrong end]
  magpie::spawn(add, 1, 2, 3, 4, 5).detach();
#else
  // [right]
  magpie::spawn(magpie::keep(change, std::ref(number))).detach();
  magpie::spawn(magpie::keep(take, std::move(owned))).detach();
  // [right end]
  magpie::spawn(magpie::keep(add, 1, 2, 3, 4, 5), "sum").detach();
  magpie::spawn(magpie::keep([] { return add(1, 2, 3, 4, 5); })).detach();
#endif
  co_return;
}
