#!/usr/bin/env python3
"""Keeps the house in order: file sizes, a README in each module, explicit source lists, links in documents."""
import pathlib
import re
import subprocess
import sys

REPO = pathlib.Path(__file__).resolve().parent.parent
LINES_MAX = 600
BYTES_MAX = 100_000
GENERATED = {"web/package-lock.json", "deps/python.txt"}


def tracked():
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=REPO, capture_output=True,
                         text=True, check=True).stdout
    return [name for name in out.splitlines() if (REPO / name).is_file()]


def main() -> int:
    failures = []
    names = tracked()
    for name in names:
        path = REPO / name
        if name not in GENERATED and path.suffix in {".h", ".cc", ".py", ".ts", ".tsx"}:
            lines = path.read_text(encoding="utf-8").count("\n")
            if lines > LINES_MAX:
                failures.append(f"{name}: {lines} lines; a file that needs more than {LINES_MAX} wants a better cut")
        if name not in GENERATED and path.stat().st_size > BYTES_MAX:
            failures.append(f"{name}: {path.stat().st_size} bytes; nothing over {BYTES_MAX} is committed without a reason")
        if path.suffix in {".cc"} and name.startswith("src/maru/"):
            listing = path.parent / "CMakeLists.txt"
            if not listing.exists() or not re.search(rf"(^|[\s(]){re.escape(path.name)}([\s)]|$)", listing.read_text()):
                failures.append(f"{name}: not listed in {listing.relative_to(REPO)}")
        if path.suffix == ".md":
            for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
                if not (path.parent / link).exists():
                    failures.append(f"{name}: the link to {link} leads nowhere")
    for module in sorted((REPO / "src" / "maru").iterdir()):
        if module.is_dir() and not (module / "README.md").exists() and any(module.iterdir()):
            failures.append(f"src/maru/{module.name}: has no README.md")
    print("\n".join(failures) or f"house: {len(names)} files in order")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
