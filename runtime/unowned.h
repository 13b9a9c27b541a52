// unowned(view): a view that keep() may keep, although what it refers to belongs to somebody else.
#ifndef MAGPIE_RUNTIME_UNOWNED_H_
#define MAGPIE_RUNTIME_UNOWNED_H_

#include <initializer_list>
#include <ranges>
#include <string_view>
#include <type_traits>
#include <utility>

namespace magpie {
namespace internal {

// Views of elements that they do not own: std::string_view, std::span, std::ranges::ref_view, and
// the adaptors over one. Not std::views::iota, which makes its elements.
template <class T>
concept borrowed_elements = std::ranges::enable_borrowed_range<T> && requires(T& range) {
  requires std::is_lvalue_reference_v<decltype(*range.begin())>;
};

template <class T>
concept view_over = std::ranges::enable_view<T> && requires(T&& view) { std::move(view).base(); };

template <class T>
constexpr bool refers_to_others() {
  if constexpr (borrowed_elements<T>) {
    return true;
  } else if constexpr (view_over<T>) {
    return refers_to_others<std::remove_cvref_t<decltype(std::declval<T>().base())>>();
  } else {
    return false;
  }
}

template <class T>
inline constexpr bool is_initializer_list = false;
template <class T>
inline constexpr bool is_initializer_list<std::initializer_list<T>> = true;

}  // namespace internal

// What std::ref is for references, for views: says that what `view` refers to outlives the task.
//
//   magpie::spawn(keep(parse, magpie::unowned(text)));  // A view of a file that stays mapped.
template <class View>
class unowned {
  static_assert(internal::refers_to_others<View>(),
                "magpie: unowned() is for views, such as std::string_view and std::span; for a "
                "reference write std::ref(x), and what owns its contents is simply kept");

 public:
  explicit unowned(View view) noexcept(std::is_nothrow_move_constructible_v<View>)
      : view_(std::move(view)) {}
  operator View() && { return std::move(view_); }
  operator View() const& { return view_; }

 private:
  View view_;
};

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_UNOWNED_H_
