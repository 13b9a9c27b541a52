"""Runs tests that fail, and compares what they say with what they should."""

import os
import re
import subprocess
import unittest

PROGRAM = "tests/runtime/gtest_failures"
LIMIT = 20
# Not what the test around this one is told.
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith(("GTEST_", "MAGPIE_TEST_", "XML_OUTPUT_FILE", "TEST_"))}


class gtest_failures_test(unittest.TestCase):
    def say(self, name, status=1):
        done = subprocess.run([PROGRAM, f"--gtest_filter={name}"], capture_output=True, text=True,
                              env=ENVIRONMENT, timeout=LIMIT, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def check(self, name, *parts):
        said = self.say(name)
        at = 0
        for part in parts:
            found = re.compile(part).search(said, at)
            self.assertTrue(found, f"no {part!r} in\n{said[at:]}")
            at = found.end()
        self.assertIn(f"[  FAILED  ] {name}", said)
        self.assertNotIn("not reached", said)

    def test_a_hanging_test_names_its_tasks(self):
        self.check("impatient.hangs", r"gtest_failures\.cc:\d+: Failure",
                   r"has not ended within its time limit of 3 s; its tasks:",
                   r"'impatient\.hangs', spawned at \S*gtest_failures\.cc:\d+",
                   r"waits at \S*gtest_failures\.cc:\d+")
        self.check("impatient.hangs", r"'helper'", r"waits at \S*gtest_failures\.cc:\d+")

    def test_a_deadlock_on_virtual_time(self):
        self.check("failing.hangs_on_virtual_time", "nothing can run any more",
                   r"waits at \S*gtest_failures\.cc", r"awaited at \S*gtest_failures\.cc")

    def test_an_exception(self):
        self.check("failing.throws", "the body has thrown std::runtime_error: out of soup")

    def test_an_assertion_ends_the_test(self):
        self.check("failing.asserts", r"gtest_failures\.cc:\d+: Failure", "first")

    def test_fail(self):
        self.check("failing.fails", "Failed", "given up")

    def test_skip(self):
        said = self.say("failing.skips", status=0)
        self.assertIn("no oven", said)
        self.assertIn("[  SKIPPED ] failing.skips", said)

    def test_leaks(self):
        self.check("failing.leaves_a_task", "tasks have not ended", "'forgotten'")
        self.check("failing.leaves_a_descriptor", "descriptors have not been closed", "/dev/null")
        self.check("failing.leaves_a_descriptor_in_a_scope", "descriptors have not been closed")

    def test_reports(self):
        self.check("failing.forgets_to_await", "reported: ", "never awaited")

    def test_parameters(self):
        self.check("of/by_number.is_one/1", "GetParam")
        self.assertIn("1 test from 1 test suite ran", self.say("of/by_number.is_one/0", status=0))


if __name__ == "__main__":
    unittest.main()
