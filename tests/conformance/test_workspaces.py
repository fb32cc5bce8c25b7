"""Workspaces through the real MLflow client."""

import contextlib

import mlflow
import pytest
from mlflow.exceptions import MlflowException


@contextlib.contextmanager
def refused(code, part=""):
    with pytest.raises(MlflowException) as raised:
        yield
    assert raised.value.error_code == code, str(raised.value)
    assert part in str(raised.value)


@pytest.fixture(autouse=True)
def default_workspace_again(mlflow_client):
    yield
    mlflow.set_workspace(None)


def test_workspace_lives_and_dies(mlflow_client):
    assert [w.name for w in mlflow.list_workspaces()] == ["default"]
    made = mlflow.create_workspace("team-a", description="A's", default_artifact_root="s3://bucket/team-a")
    assert (made.name, made.description, made.default_artifact_root) == ("team-a", "A's", "s3://bucket/team-a")
    with refused("RESOURCE_ALREADY_EXISTS", "Workspace 'team-a' already exists"):
        mlflow.create_workspace("team-a")
    assert mlflow.update_workspace("team-a", description="theirs").description == "theirs"
    assert mlflow.get_workspace("team-a").default_artifact_root == "s3://bucket/team-a"
    assert mlflow.update_workspace("team-a", default_artifact_root="").default_artifact_root is None
    assert [w.name for w in mlflow.list_workspaces()] == ["default", "team-a"]
    mlflow.delete_workspace("team-a")
    with refused("RESOURCE_DOES_NOT_EXIST", "Workspace 'team-a' not found"):
        mlflow.get_workspace("team-a")


def test_bad_workspaces_are_refused(mlflow_client, maru_server):
    for name in ("Team", "a", "api", "a_b"):
        with refused("INVALID_PARAMETER_VALUE", "Workspace name"):
            mlflow.create_workspace(name)
    answer = maru_server.post("/api/3.0/mlflow/workspaces", json={"name": "default"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    answer = maru_server.post("/api/3.0/mlflow/workspaces", json={"name": "ab", "default_artifact_root": "relative"})
    assert answer.status_code == 400
    with refused("INVALID_PARAMETER_VALUE"):
        mlflow.delete_workspace("default")


def test_workspaces_keep_models_apart(mlflow_client):
    mlflow.create_workspace("team-b")
    mlflow_client.create_registered_model("shared-name", description="in default")
    mlflow.set_workspace("team-b")
    assert mlflow_client.search_registered_models() == []
    with refused("RESOURCE_DOES_NOT_EXIST"):
        mlflow_client.get_registered_model("shared-name")
    mlflow_client.create_registered_model("shared-name", description="in team-b")
    mlflow_client.create_model_version("shared-name", "s3://bucket/m")
    assert mlflow_client.get_registered_model("shared-name").description == "in team-b"
    mlflow.set_workspace("default")
    assert mlflow_client.get_registered_model("shared-name").description == "in default"
    assert mlflow_client.search_model_versions("name = 'shared-name'") == []

    with refused("INVALID_STATE", "still contains"):
        mlflow.delete_workspace("team-b")
    with refused("INVALID_STATE", "shared-name"):
        mlflow.delete_workspace("team-b", mode="SET_DEFAULT")
    mlflow.delete_workspace("team-b", mode="CASCADE")
    mlflow_client.delete_registered_model("shared-name")


def test_contents_can_move_to_default(mlflow_client):
    mlflow.create_workspace("team-c")
    mlflow.set_workspace("team-c")
    mlflow_client.create_registered_model("wanderer")
    mlflow.set_workspace("default")
    mlflow.delete_workspace("team-c", mode="SET_DEFAULT")
    assert mlflow_client.get_registered_model("wanderer").name == "wanderer"


def test_unknown_workspace(mlflow_client, maru_server):
    mlflow.set_workspace("nobody")
    with refused("RESOURCE_DOES_NOT_EXIST", "Workspace 'nobody' not found"):
        mlflow_client.search_registered_models()
    answer = maru_server.get("/api/2.0/mlflow/registered-models/search", headers={"X-MLFLOW-WORKSPACE": "Bad Name"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    # What a client asks before it uses the server is answered whatever workspace it names.
    info = maru_server.get("/api/3.0/mlflow/server-info", headers={"X-MLFLOW-WORKSPACE": "nobody"})
    assert info.status_code == 200
    assert info.json()["workspaces_enabled"] is True
