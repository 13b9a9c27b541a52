#ifndef MAGPIE_BENCHMARKS_REPORT_SERVERS_TEMPORARY_FOLDER_H_
#define MAGPIE_BENCHMARKS_REPORT_SERVERS_TEMPORARY_FOLDER_H_

#include <filesystem>

namespace magpie::bench {

// A fresh folder below the system's one for temporary files, removed with all it holds.
class temporary_folder {
 public:
  temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_SERVERS_TEMPORARY_FOLDER_H_
