// A value for tests of results that cannot be handed over.
#ifndef MAGPIE_TESTS_RUNTIME_THROWS_WHEN_MOVED_H_
#define MAGPIE_TESTS_RUNTIME_THROWS_WHEN_MOVED_H_

#include <stdexcept>

#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {

// Throws when it is moved for the `when`-th time.
class throws_when_moved {
 public:
  throws_when_moved(int& moves, int when) : moves_(&moves), when_(when) {}
  // NOLINTNEXTLINE(performance-noexcept-move-constructor): that it throws is the point.
  throws_when_moved(throws_when_moved&& other)
      : moves_(other.moves_), when_(other.when_), alive_(other.alive_) {
    if (++*moves_ == when_) throw std::runtime_error("moved");
  }

 private:
  int* moves_;
  int when_;
  counted alive_;
};

}  // namespace magpie::testing

#endif  // MAGPIE_TESTS_RUNTIME_THROWS_WHEN_MOVED_H_
