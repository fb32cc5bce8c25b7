"""The README's commands are run by this file's sisters: `./x test` is what runs it, `./x demo` is run here."""

import re
import subprocess

from conftest import REPO, maru_binary


def readme_commands():
    return re.findall(r"^(\./x \w+)", (REPO / "README.md").read_text(), re.MULTILINE)


def test_readme_names_the_two_commands():
    assert readme_commands() == ["./x demo", "./x test"]


def test_ci_runs_the_test_command():
    assert "./x test" in (REPO / ".ci" / "run").read_text()


def test_demo(tmp_path):
    """What `./x demo` runs once it has set up and built, on a folder of its own."""
    out = subprocess.run([maru_binary(), "demo", "--data", str(tmp_path), "--port", "0", "--exit"], capture_output=True, text=True,
                         timeout=280)
    assert out.returncode == 0, out.stdout + out.stderr
    assert "The endpoint answers what the model answers" in out.stdout
