// The body of a CO_TEST that is no coroutine.
//
// flags: -isystem /usr/src/googletest/googletest/include -Wno-error=return-type
// rejected by clang: non-void function does not return a value
// rejected by g++: no return statement in function returning non-void
#include "magpie/runtime/testing/gtest.h"

CO_TEST(sum_test, is_right) {
  EXPECT_EQ(1 + 1, 2);
#ifndef WRONG
  co_return;
#endif
}
