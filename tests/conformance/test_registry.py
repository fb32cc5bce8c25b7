"""The model registry through the real MLflow client."""

import contextlib
import uuid

import pytest
from mlflow.exceptions import MlflowException


@pytest.fixture
def name():
    """A model name that no other test uses."""
    return f"model-{uuid.uuid4().hex[:8]}"


@contextlib.contextmanager
def refused(code, *parts):
    """Expects the client to raise with this MLflow error code and these parts of the message."""
    with pytest.raises(MlflowException) as raised:
        yield
    assert raised.value.error_code == code, str(raised.value)
    for part in parts:
        assert part in str(raised.value)


def test_registered_model_lives_and_dies(mlflow_client, name):
    made = mlflow_client.create_registered_model(name, tags={"team": "growth"}, description="who leaves")
    assert (made.name, made.tags, made.description) == (name, {"team": "growth"}, "who leaves")
    assert made.creation_timestamp == made.last_updated_timestamp > 1_600_000_000_000

    with refused("RESOURCE_ALREADY_EXISTS", f"Registered Model (name={name}) already exists."):
        mlflow_client.create_registered_model(name)

    updated = mlflow_client.update_registered_model(name, "new words")
    assert updated.description == "new words"
    assert updated.last_updated_timestamp >= made.last_updated_timestamp

    mlflow_client.set_registered_model_tag(name, "team", "core")
    mlflow_client.set_registered_model_tag(name, "tier", "1")
    mlflow_client.delete_registered_model_tag(name, "tier")
    mlflow_client.delete_registered_model_tag(name, "tier")
    assert mlflow_client.get_registered_model(name).tags == {"team": "core"}

    mlflow_client.rename_registered_model(name, name + "-2")
    assert mlflow_client.get_registered_model(name + "-2").tags == {"team": "core"}
    with refused("RESOURCE_DOES_NOT_EXIST", f"Registered Model with name={name} not found"):
        mlflow_client.get_registered_model(name)
    mlflow_client.delete_registered_model(name + "-2")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        mlflow_client.delete_registered_model(name + "-2")


@pytest.mark.parametrize("word", ["true", "false", "null", "1", "a b", "größe", 'a"b', "a%2Eb", "a&b=c", "a+b"])
def test_names_survive_the_query_string(mlflow_client, name, word):
    mlflow_client.create_registered_model(f"{name} {word}")
    assert mlflow_client.get_registered_model(f"{name} {word}").name == f"{name} {word}"


def test_names_that_are_words_of_json(mlflow_client):
    for word in ("true", "false", "null", "17"):
        mlflow_client.create_registered_model(word)
        assert mlflow_client.get_registered_model(word).name == word
        mlflow_client.delete_registered_model(word)


def test_bad_names_are_refused(mlflow_client):
    for bad in ("a/b", "a:b"):
        with refused("INVALID_PARAMETER_VALUE", "Names cannot contain '/' or ':'."):
            mlflow_client.create_registered_model(bad)
    with refused("INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'."):
        mlflow_client.create_registered_model("")
    with refused("INVALID_PARAMETER_VALUE", "must not resolve to other names"):
        mlflow_client.create_registered_model("..")


def test_model_version_lives_and_dies(mlflow_client, name):
    mlflow_client.create_registered_model(name)
    made = mlflow_client.create_model_version(name, "s3://bucket/model", tags={"a": "b"}, description="first")
    assert (made.name, made.version, made.source, made.status) == (name, "1", "s3://bucket/model", "READY")
    assert (made.tags, made.description, made.current_stage) == ({"a": "b"}, "first", "None")
    assert mlflow_client.create_model_version(name, "s3://bucket/model").version == "2"

    assert mlflow_client.update_model_version(name, "1", "other words").description == "other words"
    mlflow_client.set_model_version_tag(name, "1", "c", "d")
    mlflow_client.delete_model_version_tag(name, "1", "a")
    assert mlflow_client.get_model_version(name, "1").tags == {"c": "d"}
    assert mlflow_client.get_model_version_download_uri(name, "1") == "s3://bucket/model"

    mlflow_client.delete_model_version(name, "2")
    with refused("RESOURCE_DOES_NOT_EXIST", f"Model Version (name={name}, version=2) not found"):
        mlflow_client.get_model_version(name, "2")
    assert mlflow_client.create_model_version(name, "s3://bucket/model").version == "3"
    with refused("INVALID_PARAMETER_VALUE", "Parameter 'version' must be an integer, got 'one'."):
        mlflow_client.get_model_version(name, "one")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        mlflow_client.create_model_version(name + "-nobody", "s3://bucket/model")


def test_sources_on_the_servers_disk_are_refused(mlflow_client, name):
    mlflow_client.create_registered_model(name)
    for source in ("/etc/passwd", "file:///etc", "relative/path"):
        with refused("INVALID_PARAMETER_VALUE", "Invalid model version source", "run_id request parameter"):
            mlflow_client.create_model_version(name, source)
    for source in ("s3://bucket/../x", "mlflow-artifacts:/../../x", "s3://bucket/%2e%2e/x"):
        with refused("INVALID_PARAMETER_VALUE", "without relative path references"):
            mlflow_client.create_model_version(name, source)
    with refused("INVALID_PARAMETER_VALUE", "must identify the resource that contains the source"):
        mlflow_client.create_model_version(name, "mlflow-artifacts:/1/abc/artifacts/model")


def test_stages(mlflow_client, name):
    mlflow_client.create_registered_model(name)
    for _ in range(3):
        mlflow_client.create_model_version(name, "s3://bucket/model")
    mlflow_client.transition_model_version_stage(name, "1", "production")
    moved = mlflow_client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    assert moved.current_stage == "Production"
    assert mlflow_client.get_model_version(name, "1").current_stage == "Archived"
    latest = {v.current_stage: v.version for v in mlflow_client.get_latest_versions(name)}
    assert latest == {"Archived": "1", "Production": "2", "None": "3"}
    assert [v.version for v in mlflow_client.get_latest_versions(name, ["production"])] == ["2"]
    with refused("INVALID_PARAMETER_VALUE", "Invalid Model Version stage: prod."):
        mlflow_client.transition_model_version_stage(name, "1", "prod")


def test_aliases(mlflow_client, name):
    mlflow_client.create_registered_model(name)
    for _ in range(2):
        mlflow_client.create_model_version(name, "s3://bucket/model")
    mlflow_client.set_registered_model_alias(name, "champion", "1")
    assert mlflow_client.get_model_version_by_alias(name, "champion").version == "1"
    mlflow_client.set_registered_model_alias(name, "champion", "2")
    assert mlflow_client.get_model_version_by_alias(name, "champion").aliases == ["champion"]
    assert mlflow_client.get_model_version_by_alias(name, "latest").version == "2"
    assert mlflow_client.get_registered_model(name).aliases == {"champion": "2"}

    mlflow_client.delete_registered_model_alias(name, "champion")
    mlflow_client.delete_registered_model_alias(name, "champion")
    with refused("INVALID_PARAMETER_VALUE", "Registered model alias champion not found."):
        mlflow_client.get_model_version_by_alias(name, "champion")
    with refused("INVALID_PARAMETER_VALUE", "'latest' alias name (case insensitive) is reserved."):
        mlflow_client.set_registered_model_alias(name, "Latest", "1")
    with refused("INVALID_PARAMETER_VALUE", "Version alias name 'v3' is reserved."):
        mlflow_client.set_registered_model_alias(name, "v3", "1")
    with refused("INVALID_PARAMETER_VALUE", "Invalid alias name: 'a.b'."):
        mlflow_client.set_registered_model_alias(name, "a.b", "1")

    mlflow_client.set_registered_model_alias(name, "champion", "2")
    mlflow_client.delete_model_version(name, "2")
    assert mlflow_client.get_registered_model(name).aliases == {}


def test_copy(mlflow_client, name):
    mlflow_client.create_registered_model(name)
    made = mlflow_client.create_model_version(name, "s3://bucket/model", tags={"a": "b"}, description="first")
    copy = mlflow_client.copy_model_version(f"models:/{name}/1", name + "-copy")
    assert (copy.name, copy.version, copy.source) == (name + "-copy", "1", f"models:/{name}/1")
    assert copy.tags == made.tags
    assert mlflow_client.get_model_version_download_uri(name + "-copy", "1") == "s3://bucket/model"
    mlflow_client.set_registered_model_alias(name + "-copy", "champion", "1")
    second = mlflow_client.copy_model_version(f"models:/{name}-copy@champion", name)
    assert second.version == "2"
    assert mlflow_client.get_model_version_download_uri(name, "2") == "s3://bucket/model"


def test_search_registered_models(mlflow_client, name):
    for i in range(5):
        mlflow_client.create_registered_model(f"{name}-{i}", tags={"n": str(i), "parity": "even" if i % 2 == 0 else "odd"})
    of_test = f"name LIKE '{name}%'"

    def found(filter_string, **more):
        return [m.name[-1] for m in mlflow_client.search_registered_models(filter_string, **more)]

    assert found(of_test) == ["0", "1", "2", "3", "4"]
    assert found(of_test, order_by=["name DESC"]) == ["4", "3", "2", "1", "0"]
    assert found(of_test, order_by=["last_updated_timestamp DESC", "name ASC"])[0] == "4"
    assert found(of_test + " AND tags.parity = 'odd'") == ["1", "3"]
    assert found(of_test + " AND tags.parity = 'odd' AND tags.n != '1'") == ["3"]
    assert found(f"name ILIKE '{name.upper()}-3'") == ["3"]
    assert found(f"name = '{name}-2'") == ["2"]

    first = mlflow_client.search_registered_models(of_test, max_results=2)
    second = mlflow_client.search_registered_models(of_test, max_results=2, page_token=first.token)
    third = mlflow_client.search_registered_models(of_test, max_results=2, page_token=second.token)
    assert [m.name[-1] for page in (first, second, third) for m in page] == ["0", "1", "2", "3", "4"]
    assert not third.token

    for bad in ("name", "size > 3", "name = x", "tags.n > '1'", "name = 'a' OR name = 'b'"):
        with refused("INVALID_PARAMETER_VALUE"):
            mlflow_client.search_registered_models(bad)
    with refused("INVALID_PARAMETER_VALUE"):
        mlflow_client.search_registered_models(max_results=1001)


def test_search_model_versions(mlflow_client, name):
    mlflow_client.create_registered_model(name)
    for i in range(4):
        mlflow_client.create_model_version(name, f"s3://bucket/{i}", tags={"n": str(i)})

    def found(filter_string, **more):
        return [v.version for v in mlflow_client.search_model_versions(filter_string, **more)]

    assert found(f"name = '{name}'", order_by=["version_number ASC"]) == ["1", "2", "3", "4"]
    assert found(f"name = '{name}'", order_by=["version_number DESC"]) == ["4", "3", "2", "1"]
    assert found(f"name = '{name}' AND tags.n = '2'") == ["3"]
    assert found(f"name = '{name}' AND version_number > 2", order_by=["version_number"]) == ["3", "4"]
    assert found(f"name = '{name}' AND source_path = 's3://bucket/0'") == ["1"]
    page = mlflow_client.search_model_versions(f"name = '{name}'", max_results=3)
    assert len(page) == 3
    assert len(mlflow_client.search_model_versions(f"name = '{name}'", max_results=3, page_token=page.token)) == 1
    mlflow_client.delete_model_version(name, "4")
    assert "4" not in found(f"name = '{name}'")


def test_tags_have_limits(mlflow_client, name):
    mlflow_client.create_registered_model(name)
    mlflow_client.set_registered_model_tag(name, "k" * 250, "v" * 100_000)
    with refused("INVALID_PARAMETER_VALUE", "'key' exceeds the maximum length of 250 characters"):
        mlflow_client.set_registered_model_tag(name, "k" * 251, "v")
    with refused("INVALID_PARAMETER_VALUE", "'value' exceeds the maximum length of 100000 characters"):
        mlflow_client.set_registered_model_tag(name, "k", "v" * 100_001)
    with refused("INVALID_PARAMETER_VALUE", "Names may only contain alphanumerics"):
        mlflow_client.set_registered_model_tag(name, "a!", "v")


def test_prompts(mlflow_client, name):
    import mlflow

    first = mlflow.genai.register_prompt(name, "Hello {{who}}", commit_message="first", tags={"author": "ada"})
    assert (first.name, first.version, first.template) == (name, 1, "Hello {{who}}")
    second = mlflow.genai.register_prompt(name, [{"role": "user", "content": "Hi {{who}}"}])
    assert second.version == 2

    assert mlflow.genai.load_prompt(name, version=1).format(who="you") == "Hello you"
    assert mlflow.genai.load_prompt(f"prompts:/{name}/2").template == [{"role": "user", "content": "Hi {{who}}"}]
    assert mlflow.genai.load_prompt(f"prompts:/{name}@latest").version == 2
    mlflow.genai.set_prompt_alias(name, "production", 1)
    assert mlflow.genai.load_prompt(f"prompts:/{name}@production").version == 1
    mlflow.genai.delete_prompt_alias(name, "production")

    mlflow_client.set_prompt_tag(name, "lang", "en")
    assert mlflow_client.get_prompt(name).tags["lang"] == "en"
    mlflow_client.delete_prompt_tag(name, "lang")
    mlflow_client.set_prompt_version_tag(name, 1, "reviewed", "yes")
    assert mlflow_client.get_prompt_version(name, "1").tags["reviewed"] == "yes"
    mlflow_client.delete_prompt_version_tag(name, 1, "reviewed")

    assert [p.name for p in mlflow.genai.search_prompts(f"name = '{name}'")] == [name]
    assert mlflow_client.search_registered_models(f"name = '{name}'") == []
    assert mlflow_client.search_model_versions(f"name = '{name}'") == []
    assert {int(v.version) for v in mlflow_client.search_prompt_versions(name)} == {1, 2}

    mlflow_client.create_registered_model(name + "-model")
    with pytest.raises(MlflowException, match="model"):
        mlflow.genai.register_prompt(name + "-model", "Hello")
    with refused("RESOURCE_ALREADY_EXISTS", "name is already taken by a prompt"):
        mlflow_client.create_registered_model(name)
    mlflow_client.delete_prompt_version(name, "2")
    mlflow_client.delete_prompt_version(name, "1")
    mlflow_client.delete_prompt(name)
    assert list(mlflow.genai.search_prompts(f"name = '{name}'")) == []


def test_absent_values_are_left_out(maru_server, name):
    """The JSON is what MLflow's own server answers: no nulls, no empty lists."""
    body = maru_server.post("/api/2.0/mlflow/registered-models/create", json={"name": name}).json()
    assert set(body["registered_model"]) == {"name", "creation_timestamp", "last_updated_timestamp"}
    body = maru_server.post(
        "/ajax-api/2.0/mlflow/model-versions/create", json={"name": name, "source": "s3://bucket/model"}
    ).json()
    assert body["model_version"] == {
        "name": name,
        "version": "1",
        "creation_timestamp": body["model_version"]["creation_timestamp"],
        "last_updated_timestamp": body["model_version"]["last_updated_timestamp"],
        "current_stage": "None",
        "description": "",
        "source": "s3://bucket/model",
        "run_id": "",
        "status": "READY",
        "run_link": "",
    }
    answer = maru_server.get("/api/2.0/mlflow/registered-models/get", params={"name": name + "x"})
    assert answer.status_code == 404
    assert answer.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_a_real_model_is_registered_and_loaded_by_alias(mlflow_client, name):
    import mlflow
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    features, labels = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=200).fit(features, labels)
    with mlflow.start_run() as run:
        logged = mlflow.sklearn.log_model(model, name="model", registered_model_name=name)
    version = mlflow_client.get_model_version(name, "1")
    assert version.run_id == run.info.run_id
    assert version.source == f"models:/{logged.model_id}"
    assert f'"name":"{name}"' in mlflow_client.get_logged_model(logged.model_id).tags["mlflow.modelVersions"].replace(
        ": ", ":"
    )

    second = mlflow.register_model(logged.model_uri, name, tags={"kind": "again"})
    assert (second.version, second.tags) == ("2", {"kind": "again"})
    mlflow_client.set_registered_model_alias(name, "champion", "2")
    for address in (f"models:/{name}/1", f"models:/{name}@champion", f"models:/{name}/latest"):
        loaded = mlflow.pyfunc.load_model(address)
        assert (loaded.predict(features) == model.predict(features)).all()

    copy = mlflow_client.copy_model_version(f"models:/{name}@champion", name + "-prod")
    assert copy.run_id == run.info.run_id
    assert mlflow.sklearn.load_model(f"models:/{name}-prod/1").coef_.shape == model.coef_.shape

    location = mlflow_client.get_logged_model(logged.model_id).artifact_location
    other = mlflow_client.create_run("0")
    with refused("INVALID_PARAMETER_VALUE", "must identify the resource that contains the source"):
        mlflow_client.create_model_version(name, location, run_id=other.info.run_id)


def test_registering_from_a_run(mlflow_client, name, tmp_path):
    import mlflow

    with mlflow.start_run() as run:
        (tmp_path / "weights.txt").write_text("1 2 3")
        mlflow.log_artifact(tmp_path / "weights.txt", "model")
    mlflow_client.create_registered_model(name)
    version = mlflow_client.create_model_version(name, f"runs:/{run.info.run_id}/model", run.info.run_id)
    assert version.run_id == run.info.run_id
    found = mlflow_client.search_model_versions(f"run_id = '{run.info.run_id}'")
    assert [v.name for v in found] == [name]
    folder = mlflow.artifacts.download_artifacts(f"models:/{name}/1", dst_path=str(tmp_path / "got"))
    assert (tmp_path / "got" / "weights.txt").read_text() == "1 2 3", folder
