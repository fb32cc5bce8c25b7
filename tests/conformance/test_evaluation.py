"""Scorers and evaluation datasets through the real MLflow client."""

import uuid

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.genai.datasets import (
    add_dataset_to_experiments,
    create_dataset,
    delete_dataset,
    delete_dataset_tag,
    get_dataset,
    remove_dataset_from_experiments,
    search_datasets,
    set_dataset_tags,
)
from mlflow.genai.scorers import Guidelines, RelevanceToQuery, delete_scorer, get_scorer, list_scorers


@pytest.fixture
def experiment(mlflow_client):
    """The id of an experiment of the test's own, made the active one."""
    name = f"evaluation-{uuid.uuid4().hex[:8]}"
    experiment_id = mlflow_client.create_experiment(name)
    mlflow.set_experiment(name)
    return experiment_id


def test_scorers_have_versions(experiment):
    scorer = Guidelines(name="polite", guidelines=["Be polite."], model="openai:/gpt-4o")
    scorer.register(experiment_id=experiment)
    Guidelines(name="polite", guidelines=["Be very polite."], model="openai:/gpt-4o").register(experiment_id=experiment)
    RelevanceToQuery(model="openai:/gpt-4o").register(experiment_id=experiment)

    assert sorted(s.name for s in list_scorers(experiment_id=experiment)) == ["polite", "relevance_to_query"]
    assert get_scorer(name="polite", experiment_id=experiment).guidelines == ["Be very polite."]
    assert get_scorer(name="polite", experiment_id=experiment, version=1).guidelines == ["Be polite."]
    delete_scorer(name="polite", experiment_id=experiment, version=2)
    assert get_scorer(name="polite", experiment_id=experiment).guidelines == ["Be polite."]
    delete_scorer(name="polite", experiment_id=experiment, version="all")
    with pytest.raises(MlflowException, match="Scorer with name 'polite' not found"):
        get_scorer(name="polite", experiment_id=experiment)


def test_dataset_lives_and_dies(experiment):
    dataset = create_dataset(name="questions", experiment_id=experiment, tags={"team": "growth"})
    assert dataset.name == "questions"
    assert dataset.tags["team"] == "growth"
    assert dataset.experiment_ids == [experiment]

    dataset.merge_records(
        [
            {"inputs": {"question": "why"}, "expectations": {"answer": "because"}},
            {"inputs": {"question": "when"}, "expectations": {"answer": "now"}, "tags": {"hard": "yes"}},
        ]
    )
    dataset.merge_records([{"inputs": {"question": "why"}, "expectations": {"tone": "kind"}}])
    again = get_dataset(dataset_id=dataset.dataset_id)
    frame = again.to_df()
    assert len(frame) == 2
    by_question = {row["inputs"]["question"]: row for _, row in frame.iterrows()}
    assert by_question["why"]["expectations"] == {"answer": "because", "tone": "kind"}
    assert by_question["when"]["tags"]["hard"] == "yes"
    assert again.digest != dataset.digest or again.last_update_time >= dataset.created_time

    set_dataset_tags(dataset_id=dataset.dataset_id, tags={"team": "core", "tier": "1"})
    delete_dataset_tag(dataset_id=dataset.dataset_id, key="tier")
    assert get_dataset(dataset_id=dataset.dataset_id).tags["team"] == "core"

    other = mlflow.create_experiment(f"other-{uuid.uuid4().hex[:8]}")
    add_dataset_to_experiments(dataset_id=dataset.dataset_id, experiment_ids=[other])
    assert set(get_dataset(dataset_id=dataset.dataset_id).experiment_ids) == {experiment, other}
    remove_dataset_from_experiments(dataset_id=dataset.dataset_id, experiment_ids=[other])
    assert get_dataset(dataset_id=dataset.dataset_id).experiment_ids == [experiment]

    ids = frame["dataset_record_id"].tolist()
    assert again.delete_records([ids[0]]) == 1
    assert len(get_dataset(dataset_id=dataset.dataset_id).to_df()) == 1
    delete_dataset(dataset_id=dataset.dataset_id)
    with pytest.raises(MlflowException, match="not found"):
        get_dataset(dataset_id=dataset.dataset_id)


def test_search_datasets(experiment):
    for name in ("alpha", "beta", "gamma"):
        create_dataset(name=name, experiment_id=experiment, tags={"letter": name[0]})

    def found(**search):
        return [d.name for d in search_datasets(experiment_ids=[experiment], **search)]

    assert found(order_by=["name ASC"]) == ["alpha", "beta", "gamma"]
    assert found(filter_string="name LIKE '%eta'") == ["beta"]
    assert found(filter_string="tags.letter = 'g'") == ["gamma"]
    assert len(found(max_results=2)) == 2
    with pytest.raises(MlflowException, match="Invalid"):
        found(filter_string="size > 3")
