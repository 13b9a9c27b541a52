"""Compares what the lint says of blocking_calls.cc with the marks in it."""

import os
import re
import sys
import tempfile
import unittest

import blocking_calls

MARK = re.compile(r"//\s+finds: (.+)$")
ROOT = os.environ["MAGPIE_ROOT"]


class blocking_calls_test(unittest.TestCase):
    def setUp(self):
        include = tempfile.TemporaryDirectory()
        self.addCleanup(include.cleanup)
        # Includes are spelled "magpie/...": a link of that name stands in for Bazel's.
        os.symlink(ROOT, os.path.join(include.name, "magpie"))
        self.include = include.name
        self.flags = ["-std=c++20", "-I", include.name]

    def check_text(self, text):
        path = os.path.join(self.include, "text.cc")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return blocking_calls.check_file(path, self.flags)

    def test_finds_what_is_marked_and_nothing_else(self):
        path = os.path.join(ROOT, "tests/lint/blocking_calls.cc")
        marks = {}
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if mark := MARK.search(line.rstrip("\n")):
                    marks[number] = mark.group(1)
        found = {line: message for _, line, message in blocking_calls.check_file(path, self.flags)}
        self.assertGreater(len(marks), 30)
        self.assertEqual(sorted(found), sorted(marks))
        for line, text in marks.items():
            self.assertIn(text, found[line], f"line {line}")

    def test_pitfalls(self):
        """Of the programs in docs/pitfalls.md, those that block, and no other."""
        flags = [*self.flags, "-isystem", "/usr/src/googletest/googletest/include"]
        named = set()
        for name in ("awaiting_test.cc", "blocking_test.cc"):
            path = os.path.join(ROOT, "tests/pitfalls", name)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for _, line, _ in blocking_calls.check_file(path, flags):
                before = "\n".join(text.split("\n")[:line])
                named.add(re.findall(r"^// \[([\w ]+)\]$", before, re.MULTILINE)[-1])
        self.assertEqual(named, {"nested_wrong", "get_wrong", "sleep_wrong", "read_wrong"})

    def test_every_advice_is_found_by_something(self):
        with open(blocking_calls.QUERY, encoding="utf-8") as file:
            bound = set(re.findall(r'\.bind\("(\w+)"\)', file.read()))
        self.assertEqual(bound, set(blocking_calls.INSTEAD))

    def test_a_file_that_does_not_compile(self):
        with self.assertRaisesRegex(blocking_calls.failed, "cannot be read"):
            self.check_text("int x = y;\n")

    def test_the_exit_status(self):
        wrong = "#include <unistd.h>\n#include \"magpie/runtime/task.h\"\n" \
                "magpie::task<> wrong() { sleep(1); co_return; }\n"
        self.assertEqual(len(self.check_text(wrong)), 1)
        path = os.path.join(self.include, "text.cc")
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            sys.stdout, before = nowhere, sys.stdout
            try:
                self.assertEqual(blocking_calls.main([path, "--", *self.flags]), 1)
                self.check_text(wrong.replace("sleep(1);", ""))
                self.assertEqual(blocking_calls.main([path, "--", *self.flags]), 0)
            finally:
                sys.stdout = before


if __name__ == "__main__":
    unittest.main()
