// A value is expected, and there is the task that would give it.
//
// rejected by clang: magpie: this is the task and not its value; write co_await f()
// rejected by clang: function from 'magpie::task<int>' to 'int' invokes a deleted function
// rejected by clang: function from 'magpie::task<int>' to 'long' invokes a deleted function
// rejected by clang: conversion function from 'magpie::task<std::string>'
// rejected by g++: requires written_without_co_await<T> [with T = int;
// rejected by g++: requires written_without_co_await<T> [with T = bool;
// rejected by g++: requires written_without_co_await<T> [with T = std::__cxx11::basic_string<char>;
// rejected: magpie: a task is printed instead of its value
#include <iostream>
#include <string>

#include "magpie/runtime/task.h"

magpie::task<int> fetch();
magpie::task<bool> ready();
magpie::task<std::string> name();
void take(long number);

magpie::task<int> twice() {
#ifdef WRONG
  // [wrong]
  int n = fetch();
  if (ready()) n *= 2;
  // [wrong end]
  n += fetch();
  take(fetch());
  std::string text = name();
  text = name();
  std::cout << fetch() << text;
#else
  // [right]
  int n = co_await fetch();
  const bool is_ready = co_await ready();
  if (is_ready) n *= 2;
  // [right end]
  n += co_await fetch();
  const int number = co_await fetch();
  take(number);
  std::string text = co_await name();
  text = co_await name();
  std::cout << number << text;
#endif
  co_return n;
}
