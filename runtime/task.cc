#include "magpie/runtime/task.h"

#include <cstddef>
#include <exception>
#include <ostream>
#include <string_view>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/fork_scope.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/reporting.h"

namespace magpie::internal {
namespace {

// How many discards this thread is inside of. Nothing suspends there.
thread_local int discarding = 0;

// What stands before the bracket that `text` ends with; all of it if it ends with none.
std::string_view before_last_bracket(std::string_view text) {
  int depth = 0;
  for (std::size_t i = text.size(); i-- > 0;) {
    if (text[i] == ')') ++depth;
    if (text[i] == '(' && --depth == 0) return text.substr(0, i);
  }
  return text;
}

// "magpie::task<int> shop::order(int) const [with T = int]" -> "shop::order". A lambda is named by
// the function around it.
std::string_view short_name(std::string_view signature) {
  std::string_view name = signature;
  if (name.ends_with(']')) name = name.substr(0, name.rfind(" ["));
  // g++: "main()::<lambda(int)> mutable"
  const std::size_t lambda = name.find("<lambda");
  if (lambda != std::string_view::npos) return name.substr(0, name.find_last_of('>') + 1);
  name = before_last_bracket(name.substr(0, name.find_last_of(')') + 1));
  // The return type ends at the last space outside all brackets, which "(anonymous namespace)" has
  // as well.
  int depth = 0;
  for (std::size_t i = name.size(); i-- > 0;) {
    if (name[i] == '>' || name[i] == ')') ++depth;
    if ((name[i] == '<' || name[i] == '(') && depth > 0) --depth;
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

void drop_never_awaited(promise_base& dropped) noexcept {
  if (std::uncaught_exceptions() == 0 && discarding == 0) report_never_awaited(dropped.where);
  dropped.handle().destroy();
}

void discard_coroutine(std::coroutine_handle<> discarded) noexcept {
  ++discarding;
  discarded.destroy();
  --discarding;
}

void throw_no_result() {
  throw usage_error("magpie: a coroutine that gives a value has reached its end without co_return");
}

promise_base* promise_base::parent() const noexcept {
  return continuation.is_fork() ? continuation.fork().parent : continuation.only_parent();
}

void promise_base::note_failure(const result_base& failed) noexcept {
  if (!continuation.is_fork()) return;
  fork_scope& joined = continuation.fork();
  if (!joined.scope.fail()) return;
  joined.first_failure = &failed;
  joined.scope.cancel();
}

}  // namespace magpie::internal
