"""Rules of the project: one spelling of includes, one set of warnings."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

# Understood by clang and by g++. .bazelrc makes errors of them, and an embedder's build does not.
# Headers of the system and of GoogleTest are system headers and exempt.
MAGPIE_COPTS = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wshadow",
    "-Wextra-semi",
    "-Wnon-virtual-dtor",
    "-Woverloaded-virtual",
    "-Wimplicit-fallthrough",
    "-Wcast-qual",
]

# Who may see the inside of each layer. Everything else goes through the public headers.
RUNTIME_INTERNAL_VISIBILITY = [
    "//runtime:__subpackages__",
    "//tests:__subpackages__",
]

IO_INTERNAL_VISIBILITY = [
    "//io:__subpackages__",
    "//tests:__subpackages__",
]

_SANITIZERS = ["//tools/sanitizers:not_instrumented"]

def magpie_library(name, copts = [], **kwargs):
    """A cc_library whose headers are spelled "magpie/<package>/<header>"."""
    cc_library(
        name = name,
        copts = MAGPIE_COPTS + copts,
        include_prefix = "magpie",
        linkstatic = True,
        strip_include_prefix = "/",
        **kwargs
    )

def magpie_binary(name, copts = [], linkopts = [], deps = [], **kwargs):
    cc_binary(
        name = name,
        copts = MAGPIE_COPTS + copts,
        linkopts = ["-pthread"] + linkopts,
        deps = deps + _SANITIZERS,
        **kwargs
    )

def magpie_test(name, srcs = [], copts = [], linkopts = [], deps = [], gtest = True, **kwargs):
    """A cc_test, of the source of its name unless `srcs` says otherwise.

    With `gtest` it gets GoogleTest and its main().

    Tags: "exclusive" for a test that measures time; "no-sanitizer" and "no-tsan" keep one out of
    these configurations (a body run by oneTBB's parallel algorithms looks like a race, because
    oneTBB is not instrumented).
    """
    cc_test(
        name = name,
        srcs = srcs or [name + ".cc"],
        copts = MAGPIE_COPTS + copts,
        linkopts = ["-pthread"] + linkopts,
        deps = deps + _SANITIZERS + (["@googletest//:gtest_main"] if gtest else []),
        **kwargs
    )

def magpie_tests(tests, deps = [], **kwargs):
    """A magpie_test for each name in `tests`; what else is given is the same for all.

    `tests` is a list, or a dictionary from each name to the deps that only this one has.
    """
    for name in tests:
        own = tests[name] if type(tests) == type({}) else []
        magpie_test(name = name, deps = deps + own, **kwargs)

def magpie_test_group(name, tests, deps = [], tags = [], **kwargs):
    """One program of many test sources, compiled as one.

    The headers are read once for all of them, which is most of what it takes to compile one: a
    third of the time for ten. For that, all names of a source are in a namespace called like it.
    Each is also a magpie_test of its own that only runs when asked for by its name.
    """
    for test in tests:
        magpie_test(name = test, deps = deps, tags = tags + ["manual"], **kwargs)
    sources = [test + ".cc" for test in tests]
    lines = ["#include \"%s/%s\"" % (native.package_name(), source) for source in sources]
    native.genrule(
        name = name + "_source",
        testonly = True,
        outs = [name + ".cc"],
        cmd = "printf '%%s\\n' %s > $@" % " ".join(["'%s'" % line for line in lines]),
    )
    cc_library(
        name = name + "_parts",
        testonly = True,
        textual_hdrs = sources,
    )
    magpie_test(
        name = name,
        deps = deps + [name + "_parts"],
        tags = tags,
        **kwargs
    )

def magpie_model(name, copts = [], deps = [], tags = [], **kwargs):
    """A model of a lock-free part: a program of relacy that exits with 0 if the model holds."""
    magpie_test(
        name = name,
        # The macros of relacy stand in the models' own code.
        copts = [
            "-Wno-dollar-in-identifier-extension",
            "-Wno-extra-semi",
            "-Wno-unused-value",
            # It changes stacks with longjmp, which a fortified C library takes for an attack.
            "-U_FORTIFY_SOURCE",
            # It replaces operator delete, but not its sized form.
            "-fno-sized-deallocation",
        ] + copts,
        gtest = False,
        tags = tags + [
            "model",
            "no-sanitizer",
        ],
        deps = deps + ["@relacy//:relacy"],
        **kwargs
    )
