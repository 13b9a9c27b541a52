// The seconds since it was made, for programs that show what happens when.
#ifndef MAGPIE_EXAMPLES_STOPWATCH_H_
#define MAGPIE_EXAMPLES_STOPWATCH_H_

#include <chrono>
#include <cstdio>
#include <string>

#include "magpie/runtime/clock.h"

class stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(magpie::clock::now() - start_).count();
  }

  // "  2.0 s  "
  std::string elapsed() const {
    char text[32];
    std::snprintf(text, sizeof text, "%5.1f s  ", seconds());
    return text;
  }

 private:
  magpie::clock::time_point start_ = magpie::clock::now();
};

#endif  // MAGPIE_EXAMPLES_STOPWATCH_H_
