#include "magpie/benchmarks/report/servers/file_tree.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace magpie::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_folder_size = 256;

// Adds regular files below `folder` to `found`, until there are `count`.
void find_files(const fs::path& folder, std::size_t count, std::vector<fs::path>& found) {
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, options, error), end;
       !error && at != end && found.size() < count; at.increment(error)) {
    std::error_code unreadable;
    if (at->is_symlink(unreadable) || !at->is_regular_file(unreadable)) continue;
    const std::uintmax_t size = at->file_size(unreadable);
    if (!unreadable && size > 0 && size <= k_largest_file) found.push_back(at->path());
  }
}

}  // namespace

std::string file_name(std::size_t i) {
  return std::to_string(i / k_folder_size) + "/" + std::to_string(i % k_folder_size);
}

file_tree make_file_tree(const fs::path& root, std::size_t count, std::size_t least) {
  std::vector<fs::path> found;
  for (const char* const source : {"/usr/include", "/usr/share/doc", "/usr/share", "/usr/lib"}) {
    if (found.size() < count) find_files(source, count, found);
  }
  file_tree tree{root, 0, 0};
  for (const fs::path& each : found) {
    const fs::path target = root / file_name(tree.files);
    if (tree.files % k_folder_size == 0) fs::create_directories(target.parent_path());
    std::error_code error;
    fs::copy_file(each, target, error);
    if (error) continue;
    fs::permissions(target, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read |
                                fs::perms::owner_write);
    tree.bytes += fs::file_size(target);
    ++tree.files;
  }
  if (tree.files < least) {
    throw std::runtime_error("this system has only " + std::to_string(tree.files) +
                             " readable small files below /usr; the report needs " +
                             std::to_string(least));
  }
  return tree;
}

std::size_t read_file(const std::string& path, file_buffer& buffer) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw std::system_error(errno, std::generic_category(), path);
  std::size_t total = 0;
  while (total < file_buffer::k_size) {
    const ssize_t got = read(file, buffer.data() + total, file_buffer::k_size - total);
    if (got <= 0) break;
    total += static_cast<std::size_t>(got);
  }
  close(file);
  return total;
}

cached_files::cached_files(const std::string& root, std::size_t count) {
  file_buffer buffer;
  for (std::size_t i = 0; i < count; ++i) {
    paths_.push_back(root + "/" + file_name(i));
    read_file(paths_.back(), buffer);
  }
}

}  // namespace magpie::bench
