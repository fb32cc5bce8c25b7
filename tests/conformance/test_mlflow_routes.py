"""docs/mlflow-routes.md says what the binary and the installed mlflow package say."""

import pathlib
import sys

from conftest import maru_binary

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import mlflow_routes  # noqa: E402


def test_the_table_of_routes_is_up_to_date():
    assert mlflow_routes.TABLE.read_text() == mlflow_routes.render(maru_binary()), (
        "run `python tests/mlflow_routes.py` and look at what changed"
    )
