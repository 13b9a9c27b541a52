#ifndef MAGPIE_BENCHMARKS_REPORT_SERVERS_FILE_TREE_H_
#define MAGPIE_BENCHMARKS_REPORT_SERVERS_FILE_TREE_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace magpie::bench {

// A tree of real small files: copies of the headers and documents of this system, in folders
// of 256.
struct file_tree {
  std::filesystem::path root;
  std::size_t files = 0;
  std::uint64_t bytes = 0;
};

// Copies up to `count` regular files of 1 byte to 64 KiB below `root`. Throws
// std::runtime_error when the system has fewer than `least`.
file_tree make_file_tree(const std::filesystem::path& root, std::size_t count,
                         std::size_t least = 64);

// Where file `i` of a tree is, relative to its root; the scripts know the same rule.
std::string file_name(std::size_t i);

// Reads a whole file with open, read and close; throws std::system_error. The buffer is of the
// caller, so that its allocation is not measured.
std::size_t read_file(const std::string& path, std::vector<char>& buffer);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_SERVERS_FILE_TREE_H_
