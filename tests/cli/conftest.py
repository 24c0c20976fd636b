"""Command lines, run in an empty folder."""

import pytest

from perilune.cli.main import run


@pytest.fixture
def shell(tmp_path, monkeypatch, capsys):
    """Runs a command line in an empty folder: exit code, standard output, error stream."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = run([str(a) for a in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call
