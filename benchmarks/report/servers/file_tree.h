#ifndef MAGPIE_BENCHMARKS_REPORT_SERVERS_FILE_TREE_H_
#define MAGPIE_BENCHMARKS_REPORT_SERVERS_FILE_TREE_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
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

inline constexpr std::size_t k_largest_file = 64 * 1024;

// Copies up to `count` regular files of 1 byte to k_largest_file below `root`. Throws
// std::runtime_error when the system has fewer than `least`.
file_tree make_file_tree(const std::filesystem::path& root, std::size_t count,
                         std::size_t least = 64);

// Where file `i` of a tree is, relative to its root; the scripts know the same rule.
std::string file_name(std::size_t i);

// Room for any file of a tree. It is not cleared, so making one costs about as much as it is
// filled: a thread that reads a single file pays for no more.
class file_buffer {
 public:
  // One more than a file has, so that a read can find the end.
  static constexpr std::size_t k_size = k_largest_file + 1;

  char* data() { return bytes_.get(); }

 private:
  std::unique_ptr<char[]> bytes_ = std::make_unique_for_overwrite<char[]>(k_size);
};

// Reads a file of a tree with open, read and close, and returns its size; throws
// std::system_error.
std::size_t read_file(const std::string& path, file_buffer& buffer);

// The files of a tree by number. All of them are in the page cache once this is made.
class cached_files {
 public:
  cached_files(const std::string& root, std::size_t count);

  std::size_t count() const { return paths_.size(); }
  // Reads file `i`; see read_file().
  std::size_t read(std::size_t i, file_buffer& buffer) const {
    return read_file(paths_[i], buffer);
  }

 private:
  std::vector<std::string> paths_;
};

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_SERVERS_FILE_TREE_H_
