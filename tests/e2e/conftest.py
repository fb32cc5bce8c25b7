"""A real Chromium against the real server, with real data logged once through the mlflow client."""

import os
import pathlib
import subprocess
import sys

import pytest
from playwright.sync_api import Page, sync_playwright

HERE = pathlib.Path(__file__).resolve().parent
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def filled_server(maru_server):
    """The server with the history of sample.py: experiments `digits` and `breast-cancer`, model `tumour`."""
    subprocess.run(
        [sys.executable, str(HERE / "sample.py"), maru_server.url],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "MLFLOW_TRACKING_URI": maru_server.url},
        timeout=400,
    )
    return maru_server


class Problems(list):
    """What the browser complained about; `allow` names what a test provokes on purpose."""

    def __init__(self):
        super().__init__()
        self.allowed = []

    def allow(self, text: str):
        self.allowed.append(text)

    def left(self):
        return [p for p in self if not any(text in p for text in self.allowed)]


@pytest.fixture
def problems():
    return Problems()


@pytest.fixture
def page(chromium, problems, request) -> Page:
    """A fresh profile per test. A test fails when the page logs an error or asks any other host for anything."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(("http://127.0.0.1", "data:", "blob:")) else problems.append(r.url))
    yield page
    shots = os.environ.get("MARU_SCREENSHOTS")
    if shots:
        pathlib.Path(shots).mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(150)
            page.screenshot(path=f"{shots}/{request.node.name}-{scheme}.png")
    context.close()
    assert problems.left() == []
