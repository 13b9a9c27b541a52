#!/usr/bin/env python3
"""Names coroutines that never wait: they contain co_return, and neither co_await nor co_yield. What
they do takes a frame, and perhaps a turn of a worker, and could be a plain function. Or it ought to
wait, and blocks its thread instead.

  never_waits.py FILE...   prints "file:line: what is wrong"; exit status 1 if anything is

Not those that say `override`, as they have no choice. Others may have a reason, too: a fake in a
test, a coroutine that is handed to what takes a task. What this knows of C++ is brackets and words.
"""

import re
import sys

from coroutine_shapes import source
from cxx_source import read, report

NO_FUNCTION = {"if", "else", "for", "while", "switch", "do", "try", "catch", "case", "default",
               "namespace", "class", "struct", "union", "enum"}


def header(code, brace):
    """The tokens of the statement that a `{` belongs to, up to the brace, brackets left out."""
    found = []
    i = brace
    while True:
        i = code.before(i)
        if i <= code.around[brace] or code.tokens[i] == ";":
            return found
        if code.tokens[i] == "{" and i in code.partner and code.is_block(i):
            return found
        found.insert(0, i)


def body_around(code, i):
    """The brace of the function or lambda around a token, and its header; None without one."""
    brace = code.around[i]
    while brace >= 0:
        if code.tokens[brace] == "{" and code.is_block(brace):
            tokens = header(code, brace)
            words = [code.tokens[k] for k in tokens]
            if "(" in words and words[0] not in NO_FUNCTION:
                return brace, tokens
        brace = code.around[brace]
    return None


def name_of(code, tokens):
    """The word before the parameters; that of a variable, if it is a lambda it is made from."""
    words = [code.tokens[k] for k in tokens]
    if any(code.is_lambda(k) for k in tokens):
        named = re.search(r"(\w+) =", " ".join(words))
        return f"the lambda {named.group(1)}" if named else "this lambda"
    return words[words.index("(") - 1] + "()"


def check_text(path, text):
    code = source(text)
    bodies = {}
    for i, token in enumerate(code.tokens):
        if token not in ("co_return", "co_await", "co_yield") or code.tokens[i - 1] == "operator":
            continue
        body = body_around(code, i)
        if body:
            bodies.setdefault(body[0], (body[1], set()))[1].add(token)
    return [(path, code.lines[tokens[0]],
             f"{name_of(code, tokens)} never waits: make it a plain function, or let it co_await")
            for tokens, words in bodies.values()
            if words == {"co_return"} and "override" not in [code.tokens[k] for k in tokens]]


if __name__ == "__main__":
    sys.exit(report([found for path in sys.argv[1:] for found in check_text(path, read("", path))]))
