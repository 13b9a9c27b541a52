// matmul: a product of square matrices, divided into quarters down to blocks of 32 by 32, a task
// for each block of each step. The time to make the matrices is in it. Per product of such blocks.
#include <tbb/task_group.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <numeric>
#include <string>
#include <vector>

#include "magpie/benchmarks/fork_join/rows.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

constexpr int smallest = 32;

// A square part of a matrix whose rows are `stride` apart.
struct block {
  int* first;
  int size;
  int stride;

  block quarter(int row, int column) const {
    const int half = size / 2;
    return {first + (row * stride + column) * half, half, stride};
  }
};

// c += a b, all of the same size and stride. A call: inlined into a coroutine it takes a tenth
// longer, since the compiler then keeps in the frame what it could have in registers.
[[gnu::noinline]] void multiply_small(block a, block b, block c) {
  const int size = c.size;
  const int stride = c.stride;
  for (int i = 0; i < size; ++i) {
    for (int k = 0; k < size; ++k) {
      for (int j = 0; j < size; ++j)
        c.first[i * stride + j] += a.first[i * stride + k] * b.first[k * stride + j];
    }
  }
}

task<> multiply(block a, block b, block c) {
  if (c.size <= smallest) {
    multiply_small(a, b, c);
    co_return;
  }
  // The two steps write to the same quarters.
  for (int k = 0; k < 2; ++k) {
    co_await gather(multiply(a.quarter(0, k), b.quarter(k, 0), c.quarter(0, 0)),
                    multiply(a.quarter(0, k), b.quarter(k, 1), c.quarter(0, 1)),
                    multiply(a.quarter(1, k), b.quarter(k, 0), c.quarter(1, 0)),
                    multiply(a.quarter(1, k), b.quarter(k, 1), c.quarter(1, 1)));
  }
}

void multiply_onetbb(block a, block b, block c) {
  if (c.size <= smallest) return multiply_small(a, b, c);
  for (int k = 0; k < 2; ++k) {
    tbb::task_group forked;
    for (int i = 0; i < 2; ++i) {
      for (int j = 0; j < 2; ++j) {
        forked.run([=] { multiply_onetbb(a.quarter(i, k), b.quarter(k, j), c.quarter(i, j)); });
      }
    }
    forked.wait();
  }
}

void multiply_recursion(block a, block b, block c) {
  if (c.size <= smallest) return multiply_small(a, b, c);
  for (int k = 0; k < 2; ++k) {
    for (int i = 0; i < 2; ++i) {
      for (int j = 0; j < 2; ++j)
        multiply_recursion(a.quarter(i, k), b.quarter(k, j), c.quarter(i, j));
    }
  }
}

// Rows begin with a cache line. 16 bytes behind one, where malloc puts them, each second read of a
// vector needs two lines, and all of it takes a fifth longer.
template <class T>
struct by_lines {
  using value_type = T;
  static constexpr std::align_val_t line{64};

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), line));
  }
  void deallocate(T* items, std::size_t /*count*/) noexcept { ::operator delete(items, line); }
  bool operator==(const by_lines&) const = default;
};

// a and b of ones, c empty.
class matrices {
 public:
  explicit matrices(int size)
      : size_(size), a_(elements(size), 1), b_(elements(size), 1), c_(elements(size), 0) {}

  block a() { return {a_.data(), size_, size_}; }
  block b() { return {b_.data(), size_, size_}; }
  block c() { return {c_.data(), size_, size_}; }
  std::int64_t sum_of_c() const { return std::accumulate(c_.begin(), c_.end(), std::int64_t{0}); }

 private:
  static std::size_t elements(int size) {
    return static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  }

  const int size_;
  std::vector<int, by_lines<int>> a_;
  std::vector<int, by_lines<int>> b_;
  std::vector<int, by_lines<int>> c_;
};

task<std::int64_t> product(int size) {
  matrices of(size);
  co_await multiply(of.a(), of.b(), of.c());
  co_return of.sum_of_c();
}

template <class Multiply>
std::int64_t product_by(Multiply multiply, int size) {
  matrices of(size);
  multiply(of.a(), of.b(), of.c());
  return of.sum_of_c();
}

void add(const program& what, int size) {
  add_magpie(what, [=] { return product(size); });
  add_onetbb(what, [=] { return product_by(multiply_onetbb, size); });
  add_recursion(what, [=] { return product_by(multiply_recursion, size); });
}

// Of ones, each element of the product is `size`.
program sized(const std::string& name, std::int64_t size) {
  const std::int64_t blocks = size / smallest;
  return {.name = name,
          .operations = static_cast<double>(blocks * blocks * blocks),
          .result = size * size * size,
          .data_bytes = 3 * static_cast<std::size_t>(size * size) * sizeof(int)};
}

const bool registered = [] {
  add(sized("matmul_256", 256), 256);
  add(sized("matmul_2048", 2048), 2048);
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
