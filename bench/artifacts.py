#!/usr/bin/env python3
"""Artifacts: 1 GB up and down through the proxy, beside the real mlflow server's proxy and `cp`."""

import os
import shutil
import subprocess
import time

from _side_by_side import Report, folder, start_maru, start_mlflow

PROXY = "/api/2.0/mlflow-artifacts/artifacts"


def seconds(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def upload(url, name, path):
    return seconds(["curl", "-sSf", "-T", path, "-H", "Expect:", f"{url}{PROXY}/bench/{name}"])


def download(url, name, path):
    return seconds(["curl", "-sSf", "-o", path, f"{url}{PROXY}/bench/{name}"])


def best(call, times=3):
    """The quickest of a few: the disk of a shared machine only ever adds."""
    return min(call() for _ in range(times))


def main():
    report = Report("artifacts, 1 GB through the proxy", "mlflow / cp")
    size = (64 if report.quick else 1024) * 1024 * 1024
    with folder() as base:
        source, out = base / "source", base / "out"
        with source.open("wb") as file:
            for _ in range(size // (1 << 20)):
                file.write(os.urandom(1 << 20))
        (base / "maru").mkdir()
        (base / "mlflow").mkdir()

        maru = start_maru(base / "maru")
        up = best(lambda: upload(maru.url, "file", source))
        down = best(lambda: download(maru.url, "file", out))
        assert subprocess.run(["cmp", source, out]).returncode == 0
        maru.stop()
        shutil.rmtree(base / "maru")

        mlflow = start_mlflow(base / "mlflow", workers=1)
        upload(mlflow.url, "warm", "/etc/hostname")
        peer_up = best(lambda: upload(mlflow.url, "file", source))
        peer_down = best(lambda: download(mlflow.url, "file", out))
        mlflow.stop()
        shutil.rmtree(base / "mlflow")

        copy = best(lambda: seconds(["cp", source, out]))
        # What was answered is on disk, so the fair copy is one that is too.
        synced = best(lambda: seconds(["sh", "-c", f"cp {source} {out} && sync {out}"]))

    mb = size / 1e6
    report.line("upload", mb / up, mb / peer_up, "MB/s", True)
    report.line("download", mb / down, mb / peer_down, "MB/s", True)
    report.line("upload (durable), beside cp", mb / up, mb / copy, "MB/s", True)
    report.line("upload (durable), beside cp and sync", mb / up, mb / synced, "MB/s", True)
    report.line("download, beside cp", mb / down, mb / copy, "MB/s", True)
    report.finish()


if __name__ == "__main__":
    main()
