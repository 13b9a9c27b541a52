// The tree of the Unbalanced Tree Search benchmark (Olivier and others, "UTS: An Unbalanced Tree
// Search Benchmark", 2006): how many children a node has is drawn from its own state, and the state
// of a child is the SHA-1 of its parent's state and its number. Nobody knows how large a part is
// before it has been searched. This is the geometric tree of fixed shape.
#ifndef MAGPIE_BENCHMARKS_FORK_JOIN_RANDOM_TREE_H_
#define MAGPIE_BENCHMARKS_FORK_JOIN_RANDOM_TREE_H_

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace magpie::benchmarks {

using digest = std::array<std::uint32_t, 5>;

// SHA-1 (FIPS 180-4) of one block, which is already padded.
inline digest sha1_block(const std::array<std::uint32_t, 16>& block) {
  std::array<std::uint32_t, 80> word{};
  for (std::size_t i = 0; i < 16; ++i)
    word[i] = block[i];
  for (std::size_t i = 16; i < 80; ++i)
    word[i] = std::rotl(word[i - 3] ^ word[i - 8] ^ word[i - 14] ^ word[i - 16], 1);

  const digest initial{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  auto [a, b, c, d, e] = initial;
  const auto round = [&](std::uint32_t mixed, std::uint32_t constant, std::size_t i) {
    const std::uint32_t next = std::rotl(a, 5) + mixed + e + constant + word[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  };
  for (std::size_t i = 0; i < 20; ++i)
    round((b & c) | (~b & d), 0x5a827999, i);
  for (std::size_t i = 20; i < 40; ++i)
    round(b ^ c ^ d, 0x6ed9eba1, i);
  for (std::size_t i = 40; i < 60; ++i)
    round((b & c) | (b & d) | (c & d), 0x8f1bbcdc, i);
  for (std::size_t i = 60; i < 80; ++i)
    round(b ^ c ^ d, 0xca62c1d6, i);
  return {initial[0] + a, initial[1] + b, initial[2] + c, initial[3] + d, initial[4] + e};
}

struct tree_shape {
  std::uint32_t seed;
  int depth;         // Nodes at this depth have no children.
  double branching;  // Children of the others, on average.
};

class tree_node {
 public:
  static tree_node root(const tree_shape& shape) {
    return tree_node(
        sha1_block({0, 0, 0, 0, shape.seed, end_of_message, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20 * 8}), 0);
  }

  tree_node child(int number) const {
    return tree_node(sha1_block({state_[0], state_[1], state_[2], state_[3], state_[4],
                                 static_cast<std::uint32_t>(number), end_of_message, 0, 0, 0, 0, 0,
                                 0, 0, 0, 24 * 8}),
                     depth_ + 1);
  }

  int children(const tree_shape& shape) const {
    if (depth_ >= shape.depth) return 0;
    const double drawn = (state_[4] & 0x7fffffff) / 2147483648.0;
    const double probability = 1 / (1 + shape.branching);
    return static_cast<int>(std::floor(std::log(1 - drawn) / std::log(1 - probability)));
  }

 private:
  static constexpr std::uint32_t end_of_message = 0x80000000;

  tree_node(const digest& state, int depth) : state_(state), depth_(depth) {}

  digest state_;
  int depth_;
};

}  // namespace magpie::benchmarks

#endif  // MAGPIE_BENCHMARKS_FORK_JOIN_RANDOM_TREE_H_
