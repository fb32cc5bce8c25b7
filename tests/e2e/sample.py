"""Logs a small but real history through the mlflow client: what the page's tests look at, and what screenshots show."""

import math
import random
import time

import mlflow
import numpy as np
from mlflow.models import infer_signature
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split


def log_curves(experiment: str, runs: int, steps: int = 200) -> list[str]:
    """Runs with learning curves, as a neural network's training would log them."""
    mlflow.set_experiment(experiment)
    client = mlflow.MlflowClient()
    rng = random.Random(7)
    ids = []
    for index in range(runs):
        rate = rng.choice([0.3, 0.1, 0.03, 0.01])
        depth = rng.choice([4, 6, 8, 12])
        with mlflow.start_run(run_name=f"mlp-{depth}x{index}") as run:
            mlflow.log_params({"learning_rate": rate, "depth": depth, "optimizer": rng.choice(["adam", "sgd"]), "batch size": 64})
            mlflow.set_tag("team", rng.choice(["growth", "risk"]))
            now = int(time.time() * 1000) - steps * 1000
            metrics = []
            for step in range(steps):
                decay = math.exp(-step * rate / 12)
                noise = rng.gauss(0, 0.02)
                loss = 0.25 + 0.02 * depth / 12 + decay + noise * (0.3 + decay)
                metrics += [
                    mlflow.entities.Metric("train/loss", loss, now + step * 1000, step),
                    mlflow.entities.Metric("val/loss", loss * 1.08 + abs(rng.gauss(0, 0.02)), now + step * 1000, step),
                    mlflow.entities.Metric("val/accuracy", 0.97 - 0.5 * decay - abs(noise), now + step * 1000, step),
                    mlflow.entities.Metric("learning_rate", rate * (0.5 ** (step / 60)), now + step * 1000, step),
                ]
            for start in range(0, len(metrics), 1000):
                client.log_batch(run.info.run_id, metrics=metrics[start : start + 1000])
            ids.append(run.info.run_id)
    return ids


def log_models(experiment: str, model_name: str) -> list[str]:
    """Real classifiers on real data, with artifacts of every kind, registered as versions of one model."""
    mlflow.set_experiment(experiment)
    data = load_breast_cancer(as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(data.data, data.target, test_size=0.3, random_state=1)
    candidates = [
        ("logistic", LogisticRegression(max_iter=5000, C=0.1), {"C": 0.1}),
        ("forest", RandomForestClassifier(60, max_depth=4, random_state=1), {"n_estimators": 60, "max_depth": 4}),
        ("boosting", GradientBoostingClassifier(n_estimators=60, random_state=1), {"n_estimators": 60, "max_depth": 3}),
    ]
    ids = []
    for name, model, params in candidates:
        with mlflow.start_run(run_name=name) as run:
            mlflow.log_params({"model": name, **params})
            mlflow.log_input(mlflow.data.from_pandas(train_x.head(100), name="breast-cancer"), context="training")
            model.fit(train_x, train_y)
            chance = model.predict_proba(test_x)[:, 1]
            mlflow.log_metrics(
                {
                    "accuracy": accuracy_score(test_y, chance > 0.5),
                    "roc_auc": roc_auc_score(test_y, chance),
                    "log_loss": log_loss(test_y, chance),
                }
            )
            mlflow.log_text("# Notes\n\nTrained on the breast cancer data of scikit-learn.\n", "notes.md")
            mlflow.log_dict({"features": list(data.feature_names), "rows": len(train_x)}, "data/summary.json")
            mlflow.log_text(test_x.head(40).round(3).to_csv(index=False), "data/head.csv")
            mlflow.log_image(_picture(chance), "plots/scores.png")
            mlflow.log_text("<h1>Report</h1><script>document.title='ran'; fetch('/api/maru/v1/server')</script>", "report.html")
            mlflow.sklearn.log_model(
                model,
                name="model",
                signature=infer_signature(test_x, model.predict(test_x)),
                registered_model_name=model_name,
                serialization_format="cloudpickle",
                pip_requirements=["scikit-learn"],  # finding them out takes longer than the training
            )
            ids.append(run.info.run_id)
    client = mlflow.MlflowClient()
    client.set_registered_model_alias(model_name, "champion", "2")
    client.update_registered_model(model_name, "Tells malignant from benign, from 30 measurements of a cell image.")
    client.set_registered_model_alias(model_name, "challenger", "3")
    client.update_model_version(model_name, "3", "Boosted trees, slower but better calibrated.")
    return ids


def log_endings(experiment: str) -> None:
    """One run that failed, and one that is still going."""
    mlflow.set_experiment(experiment)
    client = mlflow.MlflowClient()
    for name, status in (("out-of-memory", "FAILED"), ("still-training", None)):
        run = client.create_run(mlflow.get_experiment_by_name(experiment).experiment_id, run_name=name)
        for step in range(20):
            client.log_metric(run.info.run_id, "train/loss", 1 / (step + 1), step=step)
        if status:
            client.set_terminated(run.info.run_id, status)


def _picture(values) -> np.ndarray:
    """A histogram as pixels, without a plotting library."""
    counts, _ = np.histogram(values, bins=32, range=(0, 1))
    picture = np.full((160, 320, 3), 250, dtype=np.uint8)
    for i, count in enumerate(counts):
        height = int(150 * count / counts.max())
        picture[160 - height : 160, i * 10 + 1 : i * 10 + 9] = (74, 118, 240)
    return picture


if __name__ == "__main__":
    import sys

    mlflow.set_tracking_uri(sys.argv[1])
    mlflow.set_registry_uri(sys.argv[1])
    print(log_curves("digits", 12))
    print(log_models("breast-cancer", "tumour"))
    log_endings("digits")
