#!/usr/bin/env python3
"""Reads the include graph of src/maru and fails on any arrow that the table of layers does not allow.

A module may include itself and every module that its row names. There are no exceptions, and none may be added.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "src" / "maru"

GROUND = {"base"}
RUNTIME = GROUND | {"json", "runtime"}
DRIVERS = {"sql", "object_store", "http", "grpc", "stream"}
# The domain's ground floor: what every domain module may stand on.
SPINE = {"events", "filter"}
DOMAIN = {"artifacts", "auth", "workspaces", "tracking", "registry", "traces", "evaluation", "data", "features", "vectors",
          "pipelines", "compute", "serving", "llm", "monitoring", "importer"}

ALLOWED = {
    "base": set(),
    "json": {"base"},
    "config": {"base"},
    "runtime": {"base"},
    "filter": {"base"},
    **{driver: RUNTIME for driver in DRIVERS},
    "events": RUNTIME | {"sql"},
    **{module: RUNTIME | {"sql", "object_store"} | SPINE for module in DOMAIN},
    "web": RUNTIME | {"http"},
    "api": RUNTIME | {"http", "grpc"} | SPINE | DOMAIN | {"object_store"},
    "server": RUNTIME | {"config", "api", "web"} | DRIVERS | SPINE | DOMAIN,
    "cli": RUNTIME | {"config", "server", "api", "web"} | DRIVERS | SPINE | DOMAIN,
}
# The one that lets people in implements http's Gatekeeper.
ALLOWED["auth"] = ALLOWED["auth"] | {"http"}

INCLUDE = re.compile(r'^\s*#\s*include\s+"maru/([^/"]+)/')


def main() -> int:
    failures = []
    files = 0
    for path in sorted(ROOT.rglob("*")):
        if path.suffix not in {".h", ".cc"}:
            continue
        module = path.relative_to(ROOT).parts[0]
        files += 1
        if module not in ALLOWED:
            failures.append(f"{path}: module {module} has no row in the table of layers")
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if (match := INCLUDE.match(line)) and match[1] != module and match[1] not in ALLOWED[module]:
                failures.append(f"{path.relative_to(ROOT)}:{number}: {module} may not include {match[1]}")
    print("\n".join(failures) or f"layers: {files} files keep to the table")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
