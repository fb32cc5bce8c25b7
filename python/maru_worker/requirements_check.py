"""Says whether this interpreter has what a pip requirements file asks for. Prints what is missing, one line each;
ends with 0 when nothing is. Knows names, versions and markers; anything else (URLs, options) counts as missing."""

import importlib.metadata
import sys

try:
    from packaging.requirements import InvalidRequirement, Requirement
except ImportError:
    from pip._vendor.packaging.requirements import InvalidRequirement, Requirement


def missing(lines):
    for line in lines:
        line = line.split(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            yield line
            continue
        if requirement.marker and not requirement.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield line
            continue
        if requirement.url or not requirement.specifier.contains(version, prereleases=True):
            yield f"{line} (there is {version})"


if __name__ == "__main__":
    found = list(missing(open(sys.argv[1], encoding="utf-8")))
    print("\n".join(found))
    sys.exit(1 if found else 0)
