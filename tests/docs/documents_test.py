"""Feeds the checker documents that are right, and the same with one thing wrong."""

import os
import tempfile
import unittest

import documents

FILES = {
    "README.md": "See `examples/hello.cc` and [the design](docs/design.md#why).\n",
    "docs/design.md": "`worker::find_work()` of `runtime/worker.cc`; `run()`; `folder/` is none.\n",
    "examples/hello.cc": "// Hello.\n// World.\n\nint main() {\n  // [middle]\n  go();\n"
                         "  // [middle end]\n}\n",
    "runtime/worker.cc": "// gone()\ntemplate <class T>\nclass [[nodiscard(\"x()\")]] MACRO worker final"
                         " : a<T> {\n  void find_work();\n};\nvoid run();\n",
    "tests/run_test.cc": "TEST_P(run_test,\n       gives_the_value) {\n}\n",
    "io/tcp.cc": "task<size_t> tcp_stream::read(std::span<std::byte> into) {}\n",
}


class documents_test(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = self.folder.name
        for path, text in FILES.items():
            self.write(path, text)

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def accepts(self, text, path="docs/a.md"):
        self.write(path, text)
        self.assertEqual(documents.check(self.root), [])

    def rejects(self, text, line, part, path="docs/a.md"):
        self.write(path, text)
        found = documents.check(self.root)
        self.assertEqual([f[:2] for f in found], [(path, line)], found)
        self.assertIn(part, found[0][2])

    def test_right_tree(self):
        self.assertEqual(documents.check(self.root), [])

    def test_names_of_tests(self):
        self.accepts("`run_test.gives_the_value`, `run_test.cc`\n")
        self.rejects("`run_test.gives_nothing`\n", 1, "there is no test run_test.gives_nothing")
        self.rejects("\n`runs_test.gives_the_value`\n", 2, "there is no test")

    def test_block_without_mark(self):
        self.rejects("a\n\n```cpp\nint a;\n```\n", 3, "neither compared nor compiled")
        self.rejects("<!-- compile -->\ntext\n```cpp\nint a;\n```\n", 3, "neither compared")

    def test_other_languages(self):
        self.accepts("```sh\nls\n```\n```\nplain\n```\n")

    def test_quoted_file(self):
        body = "int main() {\n  // [middle]\n  go();\n  // [middle end]\n}\n"
        self.accepts(f"<!-- file: examples/hello.cc -->\n\n```cpp\n{body}```\n")
        self.accepts(f"<!-- file: examples/hello.cc -->\n```cpp\n{FILES['examples/hello.cc']}```\n")
        self.rejects("<!-- file: examples/hello.cc -->\n```cpp\nint main() {}\n```\n", 2,
                     "differs from examples/hello.cc")
        self.rejects("<!-- file: examples/none.cc -->\n```cpp\nint main() {}\n```\n", 2,
                     "there is no file")

    def test_quoted_region(self):
        self.accepts("<!-- file: examples/hello.cc [middle] -->\n```cpp\ngo();\n```\n")
        self.rejects("<!-- file: examples/hello.cc [middle] -->\n```cpp\nstop();\n```\n", 2,
                     "differs from examples/hello.cc [middle]")
        self.rejects("<!-- file: examples/hello.cc [end] -->\n```cpp\ngo();\n```\n", 2,
                     "has no lines")

    def test_figures(self):
        self.write("tools/bench_table.py", "import sys\nprint('| ' + sys.argv[2] + ' |')\n"
                   "print('|---|')\nfor path in sys.argv[3:]:\n  print(open(path).read().strip())\n")
        self.write("docs/figures/spawn.json", "| 1 |\n")
        self.write("docs/figures/yield.json", "| 2 |\n")
        mark = "<!-- figures: Tokio,Go spawn yield -->\n"
        self.accepts(mark + "\n| Tokio,Go |\n|---|\n| 1 |\n| 2 |\n\ntext\n")
        self.rejects(mark + "\n| Tokio,Go |\n|---|\n| 1 |\n| 3 |\n", 1, "differs from docs/figures")
        self.rejects(mark + "text\n", 1, "differs")
        self.rejects("\n" + mark.replace("yield", "none") + "\n| Tokio |\n", 2, "no table")

    def test_compiled(self):
        self.accepts("<!-- compile -->\n```cpp\nint a;\n```\n")
        self.accepts("<!-- compile: task -->\n```cpp\nco_await f();\n```\n")
        self.rejects("<!-- compile: otherwise -->\n```cpp\nint a;\n```\n", 2, "unknown way")

    def test_paths_and_links(self):
        self.accepts("`runtime/worker.cc`, `runtime/`, `other/none.cc`, `a/b c`, `runtime`\n")
        self.rejects("\n`runtime/none.cc`\n", 2, "there is no file runtime/none.cc")
        self.accepts("[a](design.md) [b](https://example.com/x) [c](#here)\n")
        self.rejects("[a](docs/design.md)\n", 1, "leads nowhere")

    def test_functions(self):
        path = "docs/life-of-a-task.md"
        self.accepts("`find_work()` `magpie::run()` `tcp_stream::read()` `a + b()`\n", path)
        self.rejects("`gone()`\n", 1, "no function gone()", path)
        self.rejects("`worker::park()`\n", 1, "no function worker::park()", path)
        self.rejects("`tcp_stream::find_work()`\n", 1, "no function", path)
        os.remove(os.path.join(self.root, path))
        self.accepts("`gone()`\n", "docs/b.md")

    def test_extract(self):
        self.write("a.md", "<!-- compile -->\n```cpp\n#include <map>\nint main() {}\n```\n"
                           "<!-- compile: task -->\n```cpp\nco_await f();\n```\n"
                           "<!-- file: b.cc -->\n```cpp\nint b;\n```\n```cpp\nint c;\n```\n")
        source = documents.extract([os.path.join(self.root, "a.md")])
        self.assertIn("#include <map>\n\nnamespace block_1 {\n#line 3 ", source)
        self.assertIn("namespace block_2 {", source)
        self.assertIn("\nco_await f();\nco_return;\n}", source)
        self.assertNotIn("int b", source)
        self.assertNotIn("int c", source)


if __name__ == "__main__":
    unittest.main()
