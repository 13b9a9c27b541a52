#include "magpie/runtime/task_group.h"

namespace magpie {
namespace {

std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

std::string message_of(const std::vector<std::exception_ptr>& errors) {
  std::string all = "magpie: " + std::to_string(errors.size()) +
                    (errors.size() == 1 ? " task" : " tasks") + " of a group failed";
  const char* separator = ": ";
  for (const std::exception_ptr& error : errors) {
    all += separator + message_of(error);
    separator = "; ";
  }
  return all;
}

}  // namespace

task_group_error::task_group_error(std::vector<std::exception_ptr> errors) {
  std::string message = message_of(errors);
  said_ = std::make_shared<const contents>(contents{std::move(errors), std::move(message)});
}

namespace internal {

void throw_if_group_failed(group& ended, bool undisturbed, bool needs_value) {
  std::vector<std::exception_ptr> errors = ended.errors();
  if (!errors.empty()) throw task_group_error(std::move(errors));
  if (!undisturbed) throw cancelled();
  if (!ended.body_was_cancelled()) return;
  const bool only_the_group = ended.cancelled_before_body_ended() && !ended.caller_cancelled();
  if (!only_the_group || needs_value) throw cancelled();
}

}  // namespace internal
}  // namespace magpie
