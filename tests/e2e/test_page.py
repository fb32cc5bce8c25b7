"""What people do on the page, in a real browser against the real server."""

import json
import os
import pathlib
import re
import subprocess
import time

import mlflow
import numpy as np
import onnx
import pytest
import requests
from onnx import TensorProto, helper
from playwright.sync_api import expect


REPO = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def client(filled_server):
    mlflow.set_tracking_uri(filled_server.url)
    mlflow.set_registry_uri(filled_server.url)
    return mlflow.MlflowClient(filled_server.url, filled_server.url)


def rows(page):
    return page.get_by_role("grid", name="Runs").get_by_role("rowheader")


def test_an_empty_server_shows_the_next_command(maru_server, page):
    page.goto(maru_server.url)
    expect(page.get_by_role("heading", name="Nothing is here yet")).to_be_visible()
    expect(page.get_by_text(f'mlflow.set_tracking_uri("{maru_server.url}")')).to_be_visible()
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_text("mlflow.register_model")).to_be_visible()


def test_home_says_what_runs_what_changed_and_what_needs_me(filled_server, page):
    page.goto(filled_server.url)
    expect(page.get_by_role("region", name="Running now").get_by_text("still-training")).to_be_visible()
    expect(page.get_by_role("region", name="Needs you").get_by_text("out-of-memory")).to_be_visible()
    expect(page.get_by_role("region", name="Models").get_by_text("champion → 2")).to_be_visible()
    expect(page.get_by_role("region", name="What changed").get_by_role("listitem").first).to_be_visible()


def test_runs_are_filtered_with_completion_and_the_address_keeps_it(filled_server, page, problems):
    page.goto(f"{filled_server.url}/experiments")
    page.get_by_role("link", name="digits").click()
    expect(rows(page)).to_have_count(14)
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Filter runs")
    expect(box).to_be_focused()
    page.keyboard.type("val/l")
    page.get_by_role("option", name="val/loss").click()
    page.keyboard.type("< 0.6 ")
    page.keyboard.press("Tab")  # AND
    page.keyboard.type("params.dep")
    page.keyboard.press("Tab")
    page.keyboard.type("= '4'")
    page.keyboard.press("Enter")
    expect(box).to_have_value("metrics.`val/loss` < 0.6 AND params.depth = '4'")
    expect(rows(page)).to_have_count(2)
    page.reload()
    expect(rows(page)).to_have_count(2)
    problems.allow("400 (Bad Request)")
    box.fill("metrics.loss <")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()


def test_runs_are_sorted_chosen_and_compared_with_the_keyboard(filled_server, page):
    page.goto(f"{filled_server.url}/experiments/1")
    grid = page.get_by_role("grid", name="Runs")
    head = grid.get_by_role("columnheader", name="val/loss")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(rows(page).first).to_contain_text("mlp-")
    first, second = (rows(page).nth(i).inner_text() for i in (0, 1))
    for key in "jxjxc":
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="Compare 2 runs")).to_be_visible()
    for name in (first, second):
        expect(page.get_by_role("link", name=name.strip())).to_be_visible()
    expect(page.get_by_role("rowheader", name="train/loss")).to_be_visible()


def test_columns_are_chosen(filled_server, page):
    page.goto(f"{filled_server.url}/experiments/1")
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Find a column").fill("team")
    page.get_by_label("team").check()
    expect(page.get_by_role("columnheader", name="team")).to_be_visible()
    page.reload()
    expect(page.get_by_role("columnheader", name="team")).to_be_visible()


def test_charts_draw_many_runs_and_follow_a_run_that_goes_on(filled_server, page, client):
    page.goto(f"{filled_server.url}/experiments/1/charts")
    for name in ("train/loss", "val/loss", "val/accuracy", "learning_rate"):
        expect(page.get_by_role("region", name=name, exact=True).locator("canvas")).to_be_visible()
    page.get_by_role("switch", name="Log scale").click()
    expect(page).to_have_url(f"{filled_server.url}/experiments/1/charts?log=1")
    run = client.search_runs(["1"], "attributes.run_name = 'still-training'")[0].info.run_id
    page.goto(f"{filled_server.url}/runs/{run}/charts")
    chart = page.get_by_role("region", name="train/loss", exact=True)
    expect(chart.get_by_text("20 pts")).to_be_visible()
    for step in range(20, 30):
        client.log_metric(run, "train/loss", 0.01, step=step)
    expect(chart.get_by_text("30 pts")).to_be_visible()


def test_a_new_run_appears_by_itself(filled_server, page, client):
    page.goto(f"{filled_server.url}/experiments/1")
    before = rows(page)
    expect(before.first).to_be_visible()
    name = f"fresh-{int(time.time())}"
    run = client.create_run("1", run_name=name)
    expect(page.get_by_role("grid", name="Runs").get_by_text(name)).to_be_visible()
    client.delete_run(run.info.run_id)
    expect(page.get_by_role("grid", name="Runs").get_by_text(name)).to_be_hidden()


def test_artifacts_have_previews_and_their_scripts_reach_nothing(filled_server, page, client, problems):
    run = client.search_runs(["2"], "attributes.run_name = 'forest'")[0].info.run_id
    page.goto(f"{filled_server.url}/runs/{run}/artifacts")
    page.get_by_role("button", name="plots").click()
    page.get_by_role("link", name="scores.png").click()
    picture = page.get_by_role("img", name="scores.png")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") == 320
    page.get_by_role("button", name="data").click()
    page.get_by_role("link", name="head.csv").click()
    expect(page.get_by_role("columnheader", name="mean radius")).to_be_visible()
    page.get_by_role("link", name="notes.md").click()
    expect(page.get_by_text("Trained on the breast cancer data")).to_be_visible()
    problems.allow("Content Security Policy")
    problems.allow("Failed to fetch")
    page.get_by_role("link", name="report.html").click()
    frame = page.frame_locator("iframe[title='report.html']")
    expect(frame.get_by_role("heading", name="Report")).to_be_visible()
    page.wait_for_timeout(300)
    assert any("Content Security Policy" in problem for problem in problems)


def test_versions_are_compared_and_an_alias_is_moved(filled_server, page, client):
    page.goto(f"{filled_server.url}/models/tumour/diff?from=2&to=3")
    accuracy = page.get_by_role("row", name="accuracy")
    expect(accuracy).to_contain_text("%")
    page.get_by_role("link", name="Versions").click()
    page.get_by_role("button", name="Actions for version 1").click()
    page.get_by_role("menuitem", name="Move champion here").click()
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("link", name="champion → 1")).to_be_visible()
    assert client.get_model_version_by_alias("tumour", "champion").version == "1"
    client.set_registered_model_alias("tumour", "champion", "2")
    expect(page.get_by_role("link", name="champion → 2")).to_be_visible()  # moved elsewhere, shown here


def test_a_model_is_deployed_and_tried(filled_server, page, client):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 3])
    two = helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0])
    graph = helper.make_graph([helper.make_node("Mul", ["x", "two"], ["y"])], "double", [x], [y], [two])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    mlflow.set_experiment("double")
    signature = mlflow.models.infer_signature(np.zeros((1, 3), np.float32), np.zeros((1, 3), np.float32))
    with mlflow.start_run():
        mlflow.onnx.log_model(model, name="model", signature=signature, registered_model_name="double", pip_requirements=["onnxruntime"])
    page.goto(f"{filled_server.url}/endpoints")
    page.get_by_role("button", name="Deploy a model").click()
    page.get_by_role("combobox", name="Model").fill("models:/double/1")
    page.get_by_role("dialog").get_by_role("button", name="Deploy").click()
    expect(page.get_by_role("heading", name="double")).to_be_visible()
    expect(page.get_by_text("Ready")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Try it").click()
    page.get_by_role("textbox").first.fill("1, 2, 3.5")
    page.get_by_role("button", name="Send").click()
    answer = page.get_by_role("region", name="Answer")
    for value in ("2", "4", "7"):
        expect(answer.get_by_text(value, exact=True)).to_be_visible()
    page.get_by_role("textbox").first.fill("1, 2")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("3 values for each row, got 2")
    page.get_by_role("link", name="Traffic").click()
    expect(page.get_by_role("region", name="Requests per second").locator("canvas")).to_be_visible()


def test_events_are_listed_and_opened(filled_server, page):
    page.goto(f"{filled_server.url}/events?type=model_version")
    expect(page.get_by_role("row").nth(1)).to_contain_text("version")
    page.get_by_role("button", name="Details").first.click()
    expect(page.locator("pre").first).to_contain_text('"version"')


def test_the_palette_goes_anywhere(filled_server, page, client):
    page.goto(filled_server.url)
    expect(page.get_by_role("region", name="Running now")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search or go to")).to_be_focused()
    page.keyboard.type("breast")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="breast-cancer")).to_be_visible()
    run = client.search_runs(["1"], max_results=1)[0].info
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search or go to")).to_be_focused()
    page.keyboard.type(run.run_id)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=run.run_name)).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page.get_by_role("heading", name="Endpoints")).to_be_visible()


def test_mlflow_links_lead_here(filled_server, page, client):
    run = client.search_runs(["2"], max_results=1)[0].info
    page.goto(f"{filled_server.url}/#/experiments/2/runs/{run.run_id}")
    expect(page.get_by_role("heading", name=run.run_name)).to_be_visible()
    expect(page).to_have_url(f"{filled_server.url}/runs/{run.run_id}")


def test_what_is_not_there_is_said_in_words(filled_server, page, problems):
    problems.allow("404 (Not Found)")
    page.goto(f"{filled_server.url}/runs/{'0' * 32}")
    expect(page.get_by_role("heading", name="Not here")).to_be_visible()
    page.goto(f"{filled_server.url}/models/none")
    expect(page.get_by_role("heading", name="Not here")).to_be_visible()


def test_dark_and_light(filled_server, page):
    page.goto(filled_server.url)
    ground = "getComputedStyle(document.body).backgroundColor"
    expect(page.get_by_role("region", name="What changed")).to_be_visible()
    light = page.evaluate(ground)
    page.get_by_role("button", name="Switch to dark").click()
    assert page.evaluate(ground) != light
    page.reload()
    expect(page.get_by_role("region", name="What changed")).to_be_visible()
    assert page.evaluate(ground) != light


def test_the_document_is_the_one_that_is_kept(maru_server):
    """docs/api/openapi.json is what the server says of itself; the page's types are written from it."""
    kept = REPO / "docs" / "api" / "openapi.json"
    served = json.loads(maru_server.get("/api/maru/v1/openapi.json").text)
    if os.environ.get("MARU_UPDATE_GOLDEN"):
        kept.write_text(json.dumps(served, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert json.loads(kept.read_text(encoding="utf-8")) == served, "run again with MARU_UPDATE_GOLDEN=1, then node web/api-types.mjs"


def test_every_route_is_described(maru_factory, tmp_path):
    """What the router knows below /api/maru/v1 and what the document lists are the same, accounts included."""
    server = maru_factory(tmp_path, "--auth")
    once = re.search(r"one-time password (\S+),", server.log.read_text())[1]
    log_in = {"username": "admin", "password": once, "new_password": "a password for this test"}
    session = requests.Session()
    assert session.post(f"{server.url}/api/maru/v1/session", json=log_in, headers={"X-Maru-Request": "1"}).status_code == 200
    binary = server.process.args[0]
    routes = subprocess.run([binary, "routes"], capture_output=True, text=True, check=True).stdout
    mounted = set(re.findall(r"(GET|POST|PUT|PATCH|DELETE)\s+\w+\s+(/api/maru/v1/\S+)", routes))
    document = session.get(f"{server.url}/api/maru/v1/openapi.json").json()
    described = {(verb.upper(), path) for path, verbs in document["paths"].items() for verb in verbs}
    assert mounted - described == {("GET", "/api/maru/v1/openapi.json")}
    assert described <= mounted
