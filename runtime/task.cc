#include "magpie/runtime/task.h"

#include <ostream>
#include <string_view>

#include "magpie/runtime/internal/fork_scope.h"
#include "magpie/runtime/internal/promise.h"

namespace magpie::internal {
namespace {

// "magpie::task<int> shop::order(int)" -> "shop::order"
std::string_view short_name(std::string_view signature) {
  const std::size_t parameters = signature.find('(');
  std::string_view name = signature.substr(0, parameters);
  // The return type ends at the last space that is not inside template brackets.
  int depth = 0;
  for (std::size_t i = name.size(); i-- > 0;) {
    if (name[i] == '>') ++depth;
    if (name[i] == '<') --depth;
    if (name[i] == ' ' && depth == 0) return name.substr(i + 1);
  }
  return name;
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);
}

}  // namespace

void print_task(std::ostream& out, const void* frame, const std::source_location* made_at) {
  if (made_at == nullptr) {
    out << "<empty task>";
    return;
  }
  out << "<task " << short_name(made_at->function_name()) << " at " << frame << ", made at "
      << base_name(made_at->file_name()) << ':' << made_at->line() << ", not started>";
}

[[gnu::noinline]] void promise_base::fail_fork(const result_base& failed) noexcept {
  const result_base* none = nullptr;
  if (fork->first_failed.compare_exchange_strong(none, &failed)) fork->scope.cancel();
}

}  // namespace magpie::internal
