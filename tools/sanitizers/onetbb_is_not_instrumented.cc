// The synchronisation inside libtbb is invisible to ThreadSanitizer, so the code of its headers
// looks like a race with itself. Only accesses made by that code are passed over: a race between
// functions that oneTBB calls is still reported.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libtbb.so\n"
         "race_top:^tbb::detail::\n"
         "race_top: tbb::detail::\n";
}

#endif
#endif
