#!/usr/bin/env python3
"""Writes docs/mlflow-routes.md: MLflow's routes, as the installed mlflow package has them, beside those of the binary.

    python tests/mlflow_routes.py          # writes the file
    python tests/mlflow_routes.py --check  # fails when the file would change

REASONS says why a route is not there and will not be; the others that are not there are called "not yet". A reason
that no route needs any more must go.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

REPO = pathlib.Path(__file__).resolve().parent.parent
TABLE = REPO / "docs" / "mlflow-routes.md"

# Why a route is not there, by the start of its path (without /api or /ajax-api). The longest start that fits counts.
REASONS = {
    "/2.0mlflow/experiments/search-datasets": "a slip in MLflow's own table: its server answers 404; the page's route "
    "/ajax-api/2.0/mlflow/experiments/search-datasets works",
    "/2.0/mlflow/get-online-trace-details": "MLflow's open-source server answers 404 too",
    "/2.0/mlflow/unified-traces": "MLflow's open-source server answers 404 too",
    "/2.0/mlflow/gateway-proxy": "MLflow's LLM gateway; maru's own gateway speaks the OpenAI wire",
    "/2.0/mlflow/runs/create-promptlab-run": "the prompt lab of MLflow's page and gateway",
    "/3.0/mlflow/gateway/": "MLflow's LLM gateway; maru's own gateway speaks the OpenAI wire",
    "/gateway/": "MLflow's LLM gateway; maru's own gateway speaks the OpenAI wire",
    "/3.0/mlflow/mcp-servers": "MLflow's catalogue of MCP servers; not taken on",
    "/3.0/mlflow/assistant": "the coding assistant of MLflow's page",
    "/3.0/mlflow/ui-telemetry": "MLflow's telemetry; maru sends none",
    "/3.0/mlflow/demo/": "fills MLflow's page with sample data; `maru demo` trains and serves a real model instead",
    "/3.0/mlflow/jobs/": "Python jobs inside MLflow's server; maru runs work in pipelines",
    "/3.0/jobs/": "Python jobs inside MLflow's server; maru runs work in pipelines",
    "/3.0/mlflow/genai/evaluate/invoke": "a Python job inside MLflow's server; mlflow.genai.evaluate runs in the client",
    "/3.0/mlflow/issues/invoke": "a Python job inside MLflow's server",
    "/3.0/mlflow/scorer/invoke": "a Python job inside MLflow's server; scorers run in the client",
    "/3.0/mlflow/scorers/online-config": "online scoring is a Python job inside MLflow's server",
    "/3.0/mlflow/prompt-optimization/": "a Python job inside MLflow's server; mlflow.genai.optimize_prompts runs in the "
    "client",
    "/graphql": "asked only by MLflow's own page; maru's page uses maru's API",
    "/static-files/": "files of MLflow's own page",
    "/build/": "files of MLflow's own page",
}

AREAS = (
    ("Tracking", ("experiments", "runs", "metrics", "logged-models")),
    ("Artifacts", ("artifacts", "mlflow-artifacts", "get-artifact", "model-versions/get-artifact", "upload-artifact")),
    ("Model registry and prompts", ("registered-models", "model-versions", "webhooks", "prompt-optimization")),
    ("Traces", ("traces", "unified-traces", "get-online-trace-details", "get-trace-artifact")),
    ("Evaluation", ("datasets", "scorers", "scorer", "label-schemas", "review-queues", "issues", "genai")),
    ("Workspaces and server", ("workspaces", "server-info", "health", "version", "jobs", "demo", "ui-telemetry")),
    ("Gateway, assistant, MCP servers", ("gateway", "gateway-proxy", "assistant", "mcp-servers")),
)
HEAD = """# MLflow's routes

What MLflow {version}'s server answers, and whether maru does. Written by `tests/mlflow_routes.py` from the installed
mlflow package and from `maru routes --json`; a test fails when it is out of date. Routes under `/api` are listed once:
those marked * answer under `/ajax-api` only, the others under both.

{works} of {total} routes work; {not_yet} do not yet; {others} belong to other products, as the tables say.
"""


def shape(path):
    """The path with its captures nameless: <path:x> and {x...} become {...}, the others {}."""
    path = re.sub(r"<path:\w+>|\{\w+(\.\.\.|:path)\}", "{...}", path)
    return re.sub(r"<\w+>|\{\w+\}", "{}", path)


def flask_routes(app):
    for rule in app.url_map.iter_rules():
        for verb in rule.methods - {"HEAD", "OPTIONS"}:
            yield verb, rule.rule


def fastapi_routes(routes, prefix=""):
    for route in routes:
        if inner := getattr(route, "original_router", None):
            yield from fastapi_routes(inner.routes, prefix + route.include_context.prefix)
        elif methods := getattr(route, "methods", None):
            for verb in methods - {"HEAD", "OPTIONS"}:
                yield verb, prefix + route.path


def peer_routes():
    from mlflow.server import app
    from mlflow.server.fastapi_app import app as fastapi_app

    generated = {"/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"}  # FastAPI's own pages
    every = {*flask_routes(app), *fastapi_routes(fastapi_app.routes)}
    return {(verb, path) for verb, path in every if path not in generated}


def maru_routes(binary):
    rows = json.loads(subprocess.run([binary, "routes", "--json"], check=True, capture_output=True, text=True).stdout)
    return {(row["verb"], shape(row["path"])) for row in rows}


def bare(path):
    return re.sub(r"^/(ajax-)?api(?=/)|^/(ajax-)?api(?=\d)", "", path)


def area_of(path):
    words = re.sub(r"^/(ajax-)?api", "", path).strip("/").replace("2.0mlflow", "2.0/mlflow").split("/")
    words = [word for word in words if word not in ("2.0", "3.0", "mlflow", "v1")]
    for title, starts in AREAS:
        if words and ("/".join(words[:2]) in starts or words[0] in starts):
            return title
    return "The page and the rest"


def render(binary):
    import mlflow

    ours = maru_routes(binary)
    has_page = ("GET", "/") in ours
    rows, unused = {}, set(REASONS)
    peer = peer_routes()
    for verb, path in sorted(peer, key=lambda row: (bare(row[1]), row[0], row[1])):
        page_only = path.startswith("/ajax-api")
        if page_only and (verb, path.replace("/ajax-api", "/api", 1)) in peer:
            continue
        works = (verb, shape(path)) in ours or (path == "/" and has_page)
        note = ""
        if not works:
            starts = [start for start in REASONS if bare(path).startswith(start)]
            note = REASONS[max(starts, key=len)] if starts else "not yet"
            unused.discard(max(starts, key=len, default=None))
        shown = re.sub(r"<(path:)?(\w+)>", r"{\2}", path) + ("*" if page_only else "")
        rows.setdefault(area_of(path), []).append((verb, shown, "yes" if works else "no", note))
    if unused:
        raise SystemExit(f"no route needs these reasons any more: {sorted(unused)}")
    every = [row for area in rows.values() for row in area]
    works, not_yet = sum(row[2] == "yes" for row in every), sum(row[3] == "not yet" for row in every)
    others = len(every) - works - not_yet
    text = HEAD.format(version=mlflow.__version__, works=works, not_yet=not_yet, others=others, total=len(every))
    for title in [title for title, _ in AREAS] + ["The page and the rest"]:
        text += f"\n## {title}\n| verb | path | works | why not |\n|---|---|---|---|\n"
        for row in rows.get(title, []):
            text += "| {} | `{}` | {} | {} |\n".format(*row)
    return text


def main():
    sys.path.insert(0, str(REPO / "tests"))
    from conftest import maru_binary

    text = render(maru_binary())
    if "--check" in sys.argv[1:]:
        return 0 if TABLE.exists() and TABLE.read_text() == text else 1
    TABLE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
