"""Feeds the checker programs that are right, and the same with one thing wrong."""

import os
import tempfile
import unittest

import rejected

RIGHT = """\
// rejected: magpie: no number
#ifdef WRONG
static_assert(false, "magpie: no number");
#else
int right = 1;
#endif
"""


class rejected_test(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = self.folder.name
        os.makedirs(os.path.join(self.root, "tests/rejected"))

    def check(self, text):
        with open(os.path.join(self.root, "tests/rejected/program.cc"), "w",
                  encoding="utf-8") as file:
            file.write(text)
        return rejected.check(self.root)

    def accepts(self, text):
        self.assertEqual(self.check(text), [])

    def rejects(self, text, *parts):
        """One finding for each of `parts`, which it contains."""
        found = self.check(text)
        self.assertEqual([path for path, _ in found], ["tests/rejected/program.cc"] * len(parts))
        for (_, message), part in zip(found, parts):
            self.assertIn(part, message)

    def test_right_program(self):
        self.accepts(RIGHT)

    def test_wrong_form_is_accepted(self):
        self.rejects(RIGHT.replace("static_assert(false", "static_assert(true"),
                     "clang accepts the wrong form", "g++ accepts the wrong form")

    def test_another_message(self):
        self.rejects(RIGHT.replace('false, "magpie: no number"', 'false, "magpie: no digit"'),
                     "clang does not say 'magpie: no number'", "g++ does not say")

    def test_every_text_counts(self):
        self.rejects("// rejected: and no digit\n" + RIGHT, "clang does not say 'and no digit'",
                     "g++ does not say 'and no digit'")

    def test_the_source_is_no_message(self):
        self.rejects(RIGHT.replace('"magpie: no number");', '""); // magpie: no number'),
                     "clang does not say", "g++ does not say")

    def test_right_form_does_not_compile(self):
        self.rejects(RIGHT.replace("int right = 1;", "int right = x;"),
                     "clang rejects the right form", "g++ rejects the right form")

    def test_right_form_has_a_warning(self):
        warned = RIGHT.replace("int right = 1;", "bool f(int a, unsigned b) { return a < b; }")
        self.rejects(warned, "clang rejects the right form", "g++ rejects the right form")
        self.accepts("// flags: -Wno-sign-compare\n" + warned)

    def test_one_compiler(self):
        only_clang = RIGHT.replace("WRONG", "WRONG\n#ifdef __clang__").replace(
            "#else", "#endif\n#else")
        self.rejects(only_clang, "g++ accepts the wrong form")
        self.accepts(only_clang.replace("rejected:", "rejected by clang:"))
        self.rejects(only_clang.replace("rejected:", "rejected by g++:"),
                     "g++ accepts the wrong form")

    def test_flags_for_one_compiler(self):
        needs_flag = RIGHT.replace("int right = 1;", "int right = X;")
        self.accepts("// flags: -DX=1\n" + needs_flag)
        self.rejects("// flags for clang: -DX=1\n" + needs_flag, "g++ rejects the right form")

    def test_nothing_to_check(self):
        self.rejects(RIGHT.replace("WRONG", "OTHER"), "has no form")
        self.rejects(RIGHT.replace("rejected:", "refused:"), "has no line")

    def test_headers_of_the_tree(self):
        with open(os.path.join(self.root, "number.h"), "w", encoding="utf-8") as file:
            file.write("#define NUMBER 1\n")
        self.accepts(RIGHT.replace("int right = 1;", '#include "magpie/number.h"\nint r = NUMBER;'))

    def test_no_programs(self):
        self.assertEqual(rejected.check(self.root), [(self.root, "there are no programs")])


    def test_as_often_as_it_says(self):
        once = 'static_assert(false, "magpie: no number");\n'
        text = RIGHT.replace("// rejected:", "// rejected 2 times:")
        said = self.check(text)
        self.assertEqual(len(said), 2)
        self.assertIn("2 times, but 1", said[0][1])
        self.assertEqual(self.check(text.replace(once, once + once)), [])


if __name__ == "__main__":
    unittest.main()
