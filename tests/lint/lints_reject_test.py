"""Feeds each lint a tree that is right, and the same tree with one thing wrong."""

import os
import re
import tempfile
import unittest

import coroutine_shapes
import include_layers
import memory_orders
import never_waits

RIGHT = {
    "magpie.h": '#include "magpie/runtime/task.h"\n#include "magpie/io/tcp.h"\n',
    "runtime/task.h": '#include <coroutine>\n#include "magpie/runtime/internal/frame.h"\n',
    "runtime/internal/frame.h": "",
    "runtime/internal/cpu_executor.h": "#include <oneapi/tbb/task_arena.h>\n",
    "runtime/testing/simulation.h": '#include "magpie/runtime/internal/frame.h"\n',
    "io/tcp.h": '#include "magpie/runtime/task.h"\n',
    "io/internal/epoll.cc": '#include <sys/epoll.h>\n#include "magpie/io/tcp.h"\n',
    "examples/hello.cc": '#include "magpie/magpie.h"\n#include <tbb/parallel_for.h>\n',
    "tests/frame_test.cc": '#include "magpie/runtime/internal/frame.h"\n',
    "tests/lint/lock_free_files.txt": "# list\n",
}


def guarded(path, text):
    if not path.endswith(".h"):
        return text
    guard = "MAGPIE_" + path.replace("/", "_").replace(".", "_").upper() + "_"
    return f"// comment\n\n#ifndef {guard}\n#define {guard}\n\n{text}\n#endif\n"


class with_tree(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = self.folder.name
        for path, text in RIGHT.items():
            self.write(path, guarded(path, text))

    def tearDown(self):
        self.folder.cleanup()

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


class include_layers_test(with_tree):
    def rejects(self, path, text, part):
        self.write(path, guarded(path, text))
        found = include_layers.check(self.root)
        self.assertEqual([f[0] for f in found], [path], found)
        self.assertIn(part, found[0][2])

    def test_right_tree(self):
        self.assertEqual(include_layers.check(self.root), [])

    def test_commented_include(self):
        self.write("runtime/a.cc", '// #include "magpie/io/tcp.h"\n/*\n#include "b.h"\n*/\n')
        self.assertEqual(include_layers.check(self.root), [])

    def test_runtime_includes_io(self):
        self.rejects("runtime/a.h", '#include "magpie/io/tcp.h"\n', "must not include io")

    def test_runtime_includes_umbrella(self):
        self.rejects("runtime/a.cc", '#include "magpie/magpie.h"\n', "must not include umbrella")

    def test_io_includes_runtime_internal(self):
        self.rejects("io/a.cc", '#include "magpie/runtime/internal/frame.h"\n',
                     "io must not include runtime/internal")

    def test_io_internal_includes_runtime_internal(self):
        self.rejects("io/internal/a.cc", '  #  include "magpie/runtime/internal/frame.h"\n',
                     "must not include runtime/internal")

    def test_example_includes_internal(self):
        self.rejects("examples/a.cc", '#include "magpie/runtime/internal/frame.h"\n',
                     "examples must not include runtime/internal")

    def test_benchmark_includes_internal(self):
        self.rejects("benchmarks/a.cc", '#include "magpie/runtime/internal/frame.h"\n',
                     "benchmarks must not include runtime/internal")

    def test_short_path(self):
        self.rejects("runtime/a.cc", '#include "runtime/task.h"\n', "magpie/...")

    def test_angle_brackets(self):
        self.rejects("io/a.cc", "#include <magpie/runtime/task.h>\n", "quotes")

    def test_missing_file(self):
        self.rejects("io/a.cc", '#include "magpie/runtime/taks.h"\n', "there is no file")

    def test_onetbb_elsewhere(self):
        self.rejects("runtime/a.cc", "#include <oneapi/tbb/task_arena.h>\n", "oneTBB")

    def test_onetbb_in_io(self):
        self.rejects("io/a.cc", "#include <tbb/task_arena.h>\n", "oneTBB")

    def test_sockets_in_runtime(self):
        self.rejects("runtime/internal/a.cc", "#include <sys/epoll.h>\n", "belongs to io/")

    def test_pragma_once(self):
        self.write("io/a.h", "#pragma once\n")
        self.assertIn("#pragma once", include_layers.check(self.root)[0][2])

    def test_wrong_guard(self):
        self.write("io/a.h", "#ifndef A_H\n#define A_H\n#endif\n")
        self.assertIn("MAGPIE_IO_A_H_", include_layers.check(self.root)[0][2])


class memory_orders_test(with_tree):
    def test_right_tree(self):
        self.write("runtime/internal/deque.h", "std::memory_order_relaxed\n")
        self.write("tests/lint/lock_free_files.txt", "# list\nruntime/internal/deque.h\n")
        self.assertEqual(memory_orders.check(self.root), [])

    def test_file_not_listed(self):
        self.write("io/a.cc", "\nx.load(std::memory_order_acquire);\n")
        self.assertEqual([f[:2] for f in memory_orders.check(self.root)], [("io/a.cc", 2)])

    def test_listed_without_need(self):
        self.write("tests/lint/lock_free_files.txt", "io/tcp.h\nio/none.h\n")
        self.assertEqual(len(memory_orders.check(self.root)), 2)

    def test_models_may(self):
        self.write("tests/model/a.cc", "rl::memory_order_relaxed")
        self.assertEqual(memory_orders.check(self.root), [])


ACCEPTED = """
bool ok = co_await f();
auto&& r = co_await f();
T&& q = co_await f(a && b, c ? 1 : 2);
if (ok && a) co_await f();
if (a) { co_await f(); } else { co_return co_await g(std::move(x)); }
while (true) { auto n = co_await read(buffer); if (n == 0) break; }
for (int i = 0; i < 3; ++i) co_await f(i);
switch (x) { case 1: co_await f(); break; default: co_await g(); }
case_label: co_await f();
auto [a, b] = co_await gather(f(), g());
auto job = [s]() -> task<int> { co_return co_await f(); };
if (run([]() -> task<bool> { co_await f(); co_return true; }())) return;
std::vector<job> jobs{[] { return 1; }, []() -> task<> { co_await f(); }};
EXPECT_EQ(run([]() -> task<int> { co_return co_await f(); }()), 3);
CO_EXPECT_THROW(co_await f(), std::runtime_error);
CO_ASSERT_THROW(co_await f(), std::runtime_error);
CO_ASSERT_NO_THROW(co_await f());
co_await cpu([&] { return fib(n); });
co_await cpu([this, &x] { return vector<int>{1, 2}; });
co_await cpu([] { return 1; });
co_await sleep_for(std::chrono::milliseconds{5});
co_await awaiter{this, handle};
co_await f(x[1], y);
int n = a ? 1 : 2; co_await f();
// if (co_await f()) in a comment
auto s = "if (co_await f())"; auto t = R"(if (co_await f()))";
struct s { task<> f() const { co_await g(); } task<> h() noexcept { co_await g(); } };
auto c = '"'; co_await f(); auto n = 1'000'000;
template <class T> auto operator co_await(T&& t) { return t.a && t.b; }
task<int> f(int x) { co_return x; }
task<std::vector<int>> f() try { co_await g(); } catch (...) { throw; }
"""

REJECTED = {
    "if (co_await f()) g();": "head of `if`",
    "if (auto x = co_await f(); x) g();": "head of `if`",
    "if (!(co_await f())) g();": "head of `if`",
    "if constexpr (a) { while (co_await f()) g(); }": "head of `while`",
    "do g(); while (h(co_await f()));": "head of `while`",
    "for (int i = 0; i < co_await f(); ++i) g();": "head of `for`",
    "for (auto x : co_await f()) g();": "head of `for`",
    "switch (co_await f()) { default: break; }": "head of `switch`",
    "auto v = c ? co_await f() : x;": "conditional",
    "auto v = c ? g(1, co_await f()) : x;": "conditional",
    "co_return co_await f() ? 1 : 2;": "conditional",
    "bool v = co_await a() && co_await b();": "&& or ||",
    "co_return x || co_await b();": "&& or ||",
    "g(1, a && co_await b());": "&& or ||",
    "std::vector<std::string> v{co_await a(), co_await b()};": "braced initialiser",
    "std::vector<int> v = {co_await a()};": "braced initialiser",
    "co_return {co_await a(), 1};": "braced initialiser",
    "g(pair{1, co_await a()});": "braced initialiser",
    "co_await f({.n = 2});": "name the object",
    "co_await f({});": "name the object",
    "co_await f(1, options{.n = 2});": "name the object",
    "auto x = co_await s.connect(a, connect_options{}.timeout(1s));": "name the object",
    "co_await gather(f(std::vector<int>{1, 2}), g());": "name the object",
    "co_await g([s] { return s; });": "name the lambda",
    "co_await g([s = std::move(s)]() mutable { return s; });": "name the lambda",
    "co_await g([=] { return s; });": "name the lambda",
    "co_await g([&, s] { return s; });": "name the lambda",
    "auto x = co_await cpu(h([s]() -> int { return s; }));": "name the lambda",
    "EXPECT_EQ(co_await f(), 3);": "EXPECT_EQ",
    "ASSERT_TRUE(g(co_await f()));": "ASSERT_TRUE",
    "CO_ASSERT_EQ(co_await f(), 3);": "CO_ASSERT_EQ",
}


class coroutine_shapes_test(unittest.TestCase):
    def test_accepted(self):
        for line in ACCEPTED.strip().split("\n"):
            for text in (line, "task<int> f() {\n" + line + "\n}"):
                with self.subTest(text):
                    self.assertEqual(coroutine_shapes.check_text("a.cc", text), [])

    def test_accepted_together(self):
        self.assertEqual(coroutine_shapes.check_text("a.cc", ACCEPTED), [])

    def test_rejected(self):
        for line, part in REJECTED.items():
            for text, at in ((line, 1), ("task<int> f() {\n" + line + "\n}", 2)):
                with self.subTest(text):
                    found = coroutine_shapes.check_text("a.cc", text)
                    self.assertTrue(found)
                    self.assertEqual({f[1] for f in found}, {at})
                    self.assertIn(part, " / ".join(f[2] for f in found))

    def test_documents(self):
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(os.path.join(root, "docs"))
            with open(os.path.join(root, "docs/a.md"), "w", encoding="utf-8") as file:
                file.write("Never `if (co_await f())`.\n```cpp\nif (co_await f()) g();\n```\n"
                           "```python\nif (co_await f()) g();\n```\n")
            self.assertEqual([f[:2] for f in coroutine_shapes.check(root)], [("docs/a.md", 3)])


WAITS = """\
task<> a() { co_await f(); }
task<int> b() { int n = co_await f(); co_return n; }
task<int> c() { for (;;) { if (n) { co_return 1; } co_await f(); } }
generator<int> d() { co_yield 1; co_return; }
task<int> e() override { co_return 1; }
task<int> f() const noexcept override { co_return 1; }
int g() { return 1; }
task<> h() { auto other = [] { return 1; }; co_await cpu(other); co_return; }
task<> i() { try { co_return; } catch (const cancelled&) { clean(); } co_await f(); }
class j { auto operator co_await() { return 1; } };
"""

NEVER_WAITS = {
    "task<> a() { co_return; }": "a()",
    "task<int> b(std::vector<int> all = {}) { co_return all.size(); }": "b()",
    "template <class T> task<T> c(T t) { if (t) { co_return t; } else { co_return t; } }": "c()",
    "namespace n { class k { task<> d() const { for (;;) { co_return; } } }; }": "d()",
    "auto e = [](int n) -> task<int> { co_return n; };": "the lambda e",
    "g([](int n) -> task<int> { co_return n; });": "this lambda",
    # The lambda waits, and not the coroutine around it; and the other way round.
    "task<> h() { auto f = []() -> task<> { co_await g(); }; use(f); co_return; }": "h()",
    "task<> i() { auto f = []() -> task<> { co_return; }; co_await f(); }": "the lambda f",
}


class never_waits_test(unittest.TestCase):
    def test_accepted(self):
        self.assertEqual(never_waits.check_text("a.cc", WAITS), [])

    def test_rejected(self):
        for text, name in NEVER_WAITS.items():
            with self.subTest(text):
                found = never_waits.check_text("a.cc", "\n" + text)
                self.assertEqual([f[1] for f in found], [2])
                self.assertTrue(found[0][2].startswith(name + " never waits"), found)

    def test_pitfalls(self):
        """Of the programs in docs/pitfalls.md that block, the wrong ones, and no right one."""
        with open("tests/pitfalls/blocking_test.cc", encoding="utf-8") as file:
            text = file.read()
        found = never_waits.check_text("blocking_test.cc", text)
        named = set()
        for region in re.finditer(r"^// \[(\w+)\]$.*?^// \[\1 end\]$", text, re.DOTALL | re.MULTILINE):
            first = text.count("\n", 0, region.start()) + 1
            last = text.count("\n", 0, region.end()) + 1
            if any(first < line < last for _, line, _ in found):
                named.add(region.group(1))
        self.assertEqual(named, {"sleep_wrong", "read_wrong", "cpu_wrong", "everywhere_wrong"})

        with open("tests/pitfalls/said.txt", encoding="utf-8") as file:
            said = re.search(r"# \[never_waits\]\n(.*?)# \[", file.read(), re.DOTALL).group(1)
        lines = {f"{path}:N: {message}" for path, _, message in found}
        self.assertIn(" ".join(said.split()), lines)


if __name__ == "__main__":
    unittest.main()
