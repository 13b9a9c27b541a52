#!/usr/bin/env python3
"""Rejects the coroutine shapes that g++ 12 miscompiles (wrong values, double frees, writes past
the frame). In sources and in the C++ blocks of Markdown files.

  coroutine_shapes.py [ROOT]   prints "file:line: what is wrong"; exit status 1 if anything is

What it knows of C++ is brackets and words, so it is stricter than the compiler's bug: a
`co_await f(agg{1})` is rejected whether or not `agg` owns anything. Naming the object first
always satisfies it.
"""

import re
import sys

from cxx_source import CODE_ENDINGS, code_only, fenced_code, read, report, sources

TOKEN = re.compile(r'""|[A-Za-z_]\w*|\d[\w.\']*|->|::|&&|\|\||<=|>=|==|!=|<<|[-+*/%&|^]=|\S')
OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = {")", "]", "}"}
CONDITIONS = {"if", "while", "for", "switch"}

# Braced temporaries without a destructor, frequent enough to be worth knowing.
PLAIN_TYPES = {"nanoseconds", "microseconds", "milliseconds", "seconds", "minutes", "hours",
               "byte", "size_t", "int", "double"}


class source:
    """Tokens, the partner of each bracket, and the bracket around each token."""

    def __init__(self, text):
        code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: "\n" * m.group(0).count("\n"),
                      code_only(text), flags=re.MULTILINE)
        self.tokens = []
        self.lines = []
        line, position = 1, 0
        for match in TOKEN.finditer(code):
            line += code.count("\n", position, match.start())
            position = match.start()
            self.tokens.append(match.group(0))
            self.lines.append(line)
        self.around = []
        self.partner = {}
        stack = []
        for i, token in enumerate(self.tokens):
            if token in CLOSING and stack:
                self.partner[i] = stack[-1]
                self.partner[stack.pop()] = i
            self.around.append(stack[-1] if stack else -1)
            if token in OPENING:
                stack.append(i)

    def before(self, i):
        """Index of the token before `i` on the same level: a whole bracket counts as one."""
        i -= 1
        if i >= 0 and self.tokens[i] in CLOSING:
            return self.partner.get(i, -1)
        return i

    def is_block(self, brace):
        """Whether a `{` opens statements or declarations (and not an initialiser)."""
        i = brace - 1
        if i < 0 or self.tokens[i] in (";", "{", "}", ")", ":", "else", "do", "try"):
            return not (i >= 0 and self.tokens[i] == "{" and not self.is_block(i))
        if self.tokens[i] == "]":
            return self.is_lambda(self.partner.get(i, -1))
        # A type or a specifier before the brace: look back for what it belongs to.
        i = brace
        while True:
            i = self.before(i)
            if i <= self.around[brace] or self.tokens[i] in (";", "{"):
                return False
            token = self.tokens[i]
            if token in ("class", "struct", "union", "enum", "namespace", "->", "concept"):
                return True
            if token == "(" and self.tokens[self.partner[i] + 1] in (
                    "const", "noexcept", "override", "final", "mutable", "requires"):
                return True
            if token in ("=", "return", "co_return", "co_await", ","):
                return False

    def is_lambda(self, bracket):
        """Whether a `[` opens a lambda's captures (and not a subscript or an attribute)."""
        if bracket < 0 or self.tokens[bracket] != "[":
            return False
        if self.tokens[bracket + 1] == "[" or self.tokens[bracket - 1] == "[":
            return False
        previous = self.tokens[bracket - 1] if bracket else ";"
        return not (previous in (")", "]", '""') or
                    re.match(r"\w", previous) and previous not in ("return", "co_return",
                                                                   "co_await", "co_yield"))

    def captures(self, bracket):
        """The captures of a lambda, one list of tokens each."""
        groups = [[]]
        for i in range(bracket + 1, self.partner[bracket]):
            if self.tokens[i] == "," and self.around[i] == bracket:
                groups.append([])
            else:
                groups[-1].append(self.tokens[i])
        return [group for group in groups if group]

    def expression(self, i):
        """The tokens on the level of `i`, from the last `,` `;` `=` or block to `,` or `;`."""
        level = self.around[i]
        first = i
        while first - 1 > level:
            first = self.before(first)
            if self.tokens[first] in (",", ";", "=") or (
                    self.tokens[first] == "{" and self.is_block(first)):
                break
        found = []
        for i in range(first, self.partner.get(level, len(self.tokens))):
            if self.around[i] != level:
                continue
            if i > first and self.tokens[i] in (",", ";"):
                break
            found.append(self.tokens[i])
        return found


def shapes_around(code, i):
    """What is wrong with where a co_await stands."""
    while True:
        whole = code.expression(i)
        if "?" in whole:
            yield "co_await in a conditional expression: use if / else"
        if "&&" in whole or "||" in whole:
            yield "co_await beside && or ||: await into a local first"
        opening = code.around[i]
        if opening < 0:
            return
        if code.tokens[opening] == "{":
            if code.is_block(opening):
                return
            yield "co_await in a braced initialiser: await into a local first"
        if code.tokens[opening] == "(":
            word = code.tokens[opening - 1] if opening else ""
            if word == "constexpr" and opening > 1:
                word = code.tokens[opening - 2]
            if word in CONDITIONS:
                yield f"co_await in the head of `{word}`: await into a local first"
                return
            if (word.startswith(("EXPECT_", "ASSERT_", "CO_ASSERT_")) and
                    word not in ("CO_ASSERT_THROW", "CO_ASSERT_NO_THROW")):
                yield f"co_await in {word}, which is an `if`: await into a local first"
                return
        i = opening


def shapes_within(code, i):
    """What is wrong with the operand of a co_await: temporaries in the arguments of its calls."""
    level = code.around[i]
    last = code.partner.get(level, len(code.tokens))
    i += 1
    while i < last and not (code.around[i] == level and code.tokens[i] in (",", ";")):
        token = code.tokens[i]
        inside_call = code.around[i] != level
        if token == "{" and i in code.partner:
            if code.is_block(i):
                i = code.partner[i]
            elif inside_call and code.tokens[i - 1] not in PLAIN_TYPES:
                yield "co_await f({...}) or f(type{...}): name the object first and move it"
                i = code.partner[i]
        elif token == "[" and i in code.partner and inside_call and code.is_lambda(i):
            if any(not c[0] == "&" and c not in (["this"],) for c in code.captures(i)):
                yield "co_await f([owning capture]...): name the lambda first and move it"
            i = code.partner[i]
        i += 1


def check_text(path, text):
    code = source(text)
    findings = []
    for i, token in enumerate(code.tokens):
        if token == "co_await" and code.tokens[i - 1] != "operator":
            for message in [*shapes_around(code, i), *shapes_within(code, i)]:
                if (path, code.lines[i], message) not in findings:
                    findings.append((path, code.lines[i], message))
    return findings


def check(root):
    findings = []
    for path in sources(root, CODE_ENDINGS + (".md",)):
        text = read(root, path)
        findings += check_text(path, fenced_code(text) if path.endswith(".md") else text)
    return findings


if __name__ == "__main__":
    sys.exit(report(check(sys.argv[1] if len(sys.argv) > 1 else ".")))
