"""Reading C++ sources for the lints: which files there are, and what is code in them."""

import os
import re

SOURCE_FOLDERS = ("runtime", "io", "examples", "benchmarks", "tests")
CODE_ENDINGS = (".h", ".cc")


def sources(root, endings=CODE_ENDINGS):
    """Paths relative to `root` of all files with one of `endings`, sorted."""
    found = [name for name in os.listdir(root)
             if name.endswith(endings) and os.path.isfile(os.path.join(root, name))]
    folders = SOURCE_FOLDERS + (("docs",) if ".md" in endings else ())
    for folder in folders:
        for where, folders_below, names in os.walk(os.path.join(root, folder)):
            folders_below[:] = [f for f in folders_below if not f.startswith((".", "__"))]
            found += [os.path.relpath(os.path.join(where, name), root)
                      for name in names if name.endswith(endings)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


_NOT_CODE = re.compile(
    r'//(?:\\\n|[^\n])*'
    r'|/\*.*?\*/'
    r'|R"(?P<tag>[^ ()\\\t\n]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


def code_only(text):
    """`text` with comments blanked and literals emptied; line numbers stay."""
    def blank(match):
        found = match.group(0)
        lines = "\n" * found.count("\n")
        if found.startswith(("//", "/*")):
            return " " + lines
        return ("0" if found.startswith("'") else '""') + lines
    return _NOT_CODE.sub(blank, text)


def fenced_code(text):
    """The C++ blocks of a Markdown text, everything else blanked; line numbers stay."""
    lines = []
    inside = False
    for line in text.split("\n"):
        fence = line.lstrip().startswith("```")
        if fence:
            inside = not inside and line.strip()[3:].split(" ")[0] in ("cpp", "c++", "cc")
        lines.append(line if inside and not fence else "")
    return "\n".join(lines)


def report(findings):
    """Prints the findings; the exit status of the lint."""
    for path, line, message in findings:
        print(f"{path}:{line}: {message}")
    return 1 if findings else 0
