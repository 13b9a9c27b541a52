#ifndef MAGPIE_BENCHMARKS_REPORT_HTTP_H_
#define MAGPIE_BENCHMARKS_REPORT_HTTP_H_

// The same small HTTP/1.1 client twice: with blocking calls and with magpie. One connection for
// each request, read until the server closes it, through a buffer of 4 KiB.

#include <cstddef>
#include <cstdint>
#include <string>

#include "magpie/benchmarks/report/parameters.h"
#include "magpie/magpie.h"

namespace magpie::bench {

// GET of file `i` of the served tree.
std::string request_for(std::size_t i);

// The body of a complete response. Throws std::runtime_error when its status is not 200 or it
// is shorter than its Content-Length.
std::string body_of(std::string response);

// The pages of the server that a run is given: request `i` asks for file `i`, modulo their number.
class pages {
 public:
  explicit pages(const parameters& p);

  // Each gives the body. The first one blocks the calling thread.
  std::string fetch_blocking(std::size_t i) const;
  task<std::string> fetch(std::size_t i) const;

 private:
  std::uint16_t port_;
  std::size_t served_;
};

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_HTTP_H_
