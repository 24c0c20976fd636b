"""The line on which each key of a mission file stands, so that a mistake can be pointed at.

Works on text that `tomllib` has already read without error, and so does not check anything again. Keys are the dotted paths of the values
(`lander.range_finder.reach_m`, `published.3.value`); tables have the line of their header, array elements their own.
"""

import re
import tomllib
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")
BLANK = re.compile(r"[ \t]*")
BLANK_LINES = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
SCALAR = re.compile(r"[^\n,\]}#]*")


class _Scanner:
    """Walks once over the text and notes where every key begins."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.lines: dict[str, int] = {}
        self.counts: dict[str, int] = {}  # elements so far of each array of tables
        self.line_at, self.line = 0, 1  # the line of an offset already passed, so that counting stays linear

    def scan(self) -> dict[str, int]:
        prefix = ""
        while True:
            self._skip(BLANK_LINES)
            if self.at >= len(self.text):
                return self.lines
            if self.text.startswith("[[", self.at):
                self.at += 2
                path = self._resolve(self._key())
                count = self.counts.get(path, 0)
                self.counts[path] = count + 1
                prefix = f"{path}.{count}"
                self.lines.setdefault(path, self._line())
                self.lines[prefix] = self._line()
                self.at += 2
            elif self.text[self.at] == "[":
                self.at += 1
                prefix = self._resolve(self._key())
                self.lines[prefix] = self._line()
                self.at += 1
            else:
                self._pair(prefix)

    def _resolve(self, words: list[str]) -> str:
        """The path of a header: one that runs through an array of tables means its last element."""
        path = ""
        for i, word in enumerate(words):
            path = f"{path}.{word}" if path else word
            self.lines.setdefault(path, self._line())
            if i < len(words) - 1 and path in self.counts:
                path = f"{path}.{self.counts[path] - 1}"
        return path

    def _pair(self, prefix: str) -> None:
        line = self._line()
        path = prefix
        for word in self._key():
            path = f"{path}.{word}" if path else word
            self.lines.setdefault(path, line)
        self.at += 1  # the equals sign
        self._value(path)

    def _key(self) -> list[str]:
        words = []
        while True:
            self._skip(BLANK)
            if self.text[self.at] in "\"'":
                start = self.at
                self._string()
                words.append(next(iter(tomllib.loads(f"{self.text[start : self.at]} = 0"))))
            else:
                words.append(self._skip(BARE))
            self._skip(BLANK)
            if self.text[self.at] != ".":
                return words
            self.at += 1

    def _value(self, path: str) -> None:
        self._skip(BLANK)
        first = self.text[self.at]
        if first in "\"'":
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            self._skip(SCALAR)

    def _array(self, path: str) -> None:
        self.at += 1
        count = 0
        while True:
            self._skip(BLANK_LINES)
            if self.text[self.at] == "]":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self.lines[f"{path}.{count}"] = self._line()
            self._value(f"{path}.{count}")
            count += 1

    def _inline_table(self, path: str) -> None:
        self.at += 1
        while True:
            self._skip(BLANK_LINES)
            if self.text[self.at] == "}":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._pair(path)

    def _string(self) -> None:
        quote = self.text[self.at]
        if self.text.startswith(quote * 3, self.at):
            self.at += 3
            while not self.text.startswith(quote * 3, self.at):
                self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
            self.at += 3
            while self.at < len(self.text) and self.text[self.at] == quote:  # up to two quotes may belong to the text itself
                self.at += 1
            return
        self.at += 1
        while self.text[self.at] != quote:
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match: Any = pattern.match(self.text, self.at)
        self.at = match.end()
        return str(match.group())

    def _line(self) -> int:
        self.line += self.text.count("\n", self.line_at, self.at)
        self.line_at = self.at
        return self.line


def line_index(text: str) -> dict[str, int]:
    """The line (from 1) of every dotted path in valid TOML."""
    return _Scanner(text).scan()
