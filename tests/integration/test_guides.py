"""Runs the Python of the guides, top to bottom, against a real server: sample code that does not work is not there."""

import os
import re
import subprocess
import sys

import pytest

from conftest import REPO

GUIDES = REPO / "docs" / "guides"


def python_of(guide):
    return re.findall(r"^```python\n(.*?)^```", guide.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("guide", sorted(g.name for g in GUIDES.glob("*.md") if python_of(g)))
def test_guide(guide, maru_factory, tmp_path):
    server = maru_factory(tmp_path / "data")
    script = tmp_path / "guide.py"
    script.write_text("\n".join(python_of(GUIDES / guide)).replace("http://127.0.0.1:5000", server.url))
    out = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=280,
                         env={**os.environ, "MLFLOW_TRACKING_URI": server.url})
    assert out.returncode == 0, out.stdout + out.stderr


def test_every_guide_is_in_the_list():
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", (GUIDES / "README.md").read_text()))
    assert listed == {g.name for g in GUIDES.glob("*.md")} - {"README.md"}
