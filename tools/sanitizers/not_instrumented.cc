// What ThreadSanitizer cannot see, because the library that does it is not instrumented, looks like
// a race. Only that is passed over; docs/compilers.md says how each was made sure of.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  return
      // The synchronisation inside libtbb makes the code of its headers look like a race with
      // itself. A race between functions that oneTBB calls is still reported.
      "called_from_lib:libtbb.so\n"
      "race_top:^tbb::detail::\n"
      "race_top: tbb::detail::\n"
      // The same where its top is a copy that the compiler makes: of what was given to oneTBB, when
      // that has run and is freed.
      "race:delete_object<tbb::detail::d1::enqueue_task<magpie::internal::\n"
      // The count of an exception_ptr is inside libstdc++: the release that ends the exception
      // looks like a race with what other owners read from it before they released it.
      "race:^std::__exception_ptr::exception_ptr::_M_release\n";
}

#endif
#endif
