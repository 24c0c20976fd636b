"""The tutorial as its reader would follow it: edit the copied mission file, run each command; as a program, write what they print into the page."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"```(console|toml|python|text)\n(.*?)```", re.DOTALL)
FIRST_FILE = "kestrel.toml"
NOT_OURS = ("cases.as-flown", "published")


def without_tables(text, names):
    """The file without the tables of these names and those below them."""
    kept, dropping = [], False
    for line in text.splitlines(keepends=True):
        header = re.match(r"\[+([^\]]+)\]+", line)
        if header:
            dropping = any(header[1] == name or header[1].startswith(f"{name}.") for name in names)
        if not dropping:
            kept.append(line)
    return "".join(kept)


def edited(text, block):
    """The file with the keys of a block of the tutorial set in their tables; a table that is not there is added at the end."""
    table, new = "", []
    for line in block.splitlines(keepends=True):
        header = re.match(r"\[([^\]]+)\]", line)
        table = header[1] if header else table
        start = re.search(rf"^\[{re.escape(table)}\]\n", text, re.MULTILINE)
        if start is None:
            new.append(line)
        elif "=" in line:
            key = line.split(" = ")[0]
            end = re.compile(r"^\[", re.MULTILINE).search(text, start.end())
            stop = end.start() if end else len(text)
            inside, count = re.subn(rf"^{key} = .*\n", lambda _, line=line: line, text[start.end() : stop], flags=re.MULTILINE)
            assert count == 1, f"[{table}] of the catalogue's file has no {key}"
            text = text[: start.end()] + inside + text[stop:]
    return text + "".join(new)


def run_in(folder, command, **options):
    """The exit code of a shell command and all that it printed, progress aside."""
    bin_folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "120", "MPLBACKEND": "agg"}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False, **options)
    said = run.stderr if run.returncode == 2 else ""
    return run.returncode, "".join(f"{line.rstrip()}\n" for line in (said or run.stdout).splitlines())


def follow(page, folder):
    """Follow the page in a folder; yields each command with its exit code and output, and the page with the outputs written in."""
    (folder / "src").symlink_to(ROOT / "src")
    outputs = []
    written = ""
    at = 0
    code = output = None
    for block in BLOCK.finditer(page):
        kind, body = block.groups()
        new = body
        if kind == "toml":
            file = folder / FIRST_FILE
            file.write_text(edited(without_tables(file.read_text("utf-8"), NOT_OURS), body), "utf-8")
        elif kind == "console":
            new = ""
            for command in re.findall(r"^\$ (.*)$", body, re.MULTILINE):
                code, output = run_in(folder, command, shell=True)
                outputs.append((command, code, output))
                new += f"$ {command}\n{output}"
        elif kind == "python":
            code, output = run_in(folder, [sys.executable, "-c", body])
            outputs.append((body, code, output))
        elif kind == "text":
            new = output
        written += page[at : block.start()] + f"```{kind}\n{new}```"
        at = block.end()
    return outputs, written + page[at:]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        PAGE.write_text(follow(PAGE.read_text("utf-8"), Path(name))[1], "utf-8")
