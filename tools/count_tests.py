"""Counts the results of a `bazel test` from its build events and the test.xml files.

Usage: count_tests.py EVENTS.json STATUS_OF_BAZEL

Prints what failed and, last, "N passed, N failed". Exit status 0 only if something passed and
nothing failed.
"""

import json
import sys
import urllib.parse
import xml.etree.ElementTree


def cases(uri):
    """(names passed, names failed, names skipped) of one test.xml."""
    passed, failed, skipped = [], [], []
    tree = xml.etree.ElementTree.parse(urllib.parse.unquote(urllib.parse.urlparse(uri).path))
    for case in tree.iter("testcase"):
        name = ".".join(n for n in (case.get("classname"), case.get("name")) if n)
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(name)
        elif case.get("status") == "notrun":
            continue
        elif case.get("result") == "skipped" or case.find("skipped") is not None:
            skipped.append(name)
        else:
            passed.append(name)
    return passed, failed, skipped


class count:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []
        # Of each test, its attempts and shards: the last attempt of each counts.
        self.results = {}
        self.summaries = {}

    def read(self, path):
        with open(path, encoding="utf-8") as events:
            for line in events:
                event = json.loads(line)
                event_id = event.get("id", {})
                if "testResult" in event_id:
                    result_id = event_id["testResult"]
                    key = (result_id["label"], result_id.get("run", 1), result_id.get("shard", 1))
                    self.results[key] = event.get("testResult", {})
                elif "testSummary" in event_id:
                    label = event_id["testSummary"]["label"]
                    self.summaries[label] = event.get("testSummary", {}).get("overallStatus")
                elif "targetCompleted" in event_id:
                    if not event.get("completed", {}).get("success"):
                        label = event_id["targetCompleted"]["label"]
                        self.fail(f"{label} (does not build)")
                elif "aborted" in event and "pattern" in event_id:
                    self.fail(f"{' '.join(event_id['pattern']['pattern'])} "
                              f"({event['aborted'].get('description', 'not loaded')})")

    def fail(self, name):
        if name not in self.failed:
            self.failed.append(name)

    def add_results(self):
        for (label, *_), result in sorted(self.results.items()):
            outputs = {o["name"]: o["uri"] for o in result.get("testActionOutput", []) if "uri" in o}
            passed, failed, skipped = [], [], []
            try:
                passed, failed, skipped = cases(outputs["test.xml"])
            except (KeyError, OSError, xml.etree.ElementTree.ParseError):
                pass
            status = result.get("status", "NO_STATUS")
            self.passed += len(passed)
            self.skipped += [f"{label} {name}" for name in skipped]
            for name in failed:
                # Bazel writes the file for a test that does not, with the target as its case.
                whole = name == label[2:].replace(":", "/")
                self.fail(label if whole else f"{label} {name}")
            if status not in ("PASSED", "FLAKY"):
                # A crash, a timeout or a leak found at exit: no case of the file says so.
                if not failed:
                    self.fail(f"{label} ({status.lower()} outside of its cases)")
            elif not passed and not failed and not skipped:
                self.fail(f"{label} (passed without running a case)")
        for label, status in sorted(self.summaries.items()):
            if status in ("PASSED", "FLAKY"):
                continue
            if not any(name.split(" ")[0] == label for name in self.failed):
                self.fail(f"{label} ({(status or 'no status').lower()})")


def main():
    total = count()
    total.read(sys.argv[1])
    total.add_results()
    status = int(sys.argv[2])
    if status != 0 and not total.failed:
        total.fail(f"bazel test (exit status {status})")
    if total.passed == 0 and not total.failed:
        total.fail("no test ran")
    for name in total.skipped:
        print(f"skipped: {name}")
    for name in total.failed:
        print(f"failed: {name}")
    print(f"{total.passed} passed, {len(total.failed)} failed")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
