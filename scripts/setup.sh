# Installs what is missing: Debian packages, the Python environment, ONNX Runtime. Sourced by x.

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

# A finished set-up is remembered by the content of the manifests, so that every command can ask for it.
setup_mark() { cat deps/* scripts/setup.sh | sha256sum | cut -d' ' -f1; }
setup_once() { [ "$(cat .deps/ready 2>/dev/null)" = "$(setup_mark)" ] || setup; }

setup() {
  mkdir -p .deps
  setup_debian
  setup_python
  local script
  for script in deps/*.sh; do [ -e "$script" ] && bash "$script"; done
  setup_mark > .deps/ready
  echo "setup: everything is there"
}

setup_debian() {
  local name version missing=() installed
  while read -r name version _; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done < <(grep -vE '^(#|$)' deps/apt.txt)
  if [ ${#missing[@]} -gt 0 ]; then
    echo "setup: installing ${#missing[@]} Debian packages"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > .deps/apt.log 2>&1 ||
      { tail -n 20 .deps/apt.log >&2; return 1; }
  fi
  while read -r name version _; do
    installed=$(dpkg-query -W -f='${Version}' "$name" | sed 's/^[0-9]*://')
    [[ $installed == "$version"* ]] || { echo "setup: $name is $installed; deps/apt.txt wants $version" >&2; return 1; }
  done < <(grep -vE '^(#|$)' deps/apt.txt)
}

setup_python() {
  [ -x .venv/bin/python ] || python3 -m venv .venv
  local uv_version
  uv_version=$(sed -n 's/^uv==//p' deps/python.txt)
  [ "$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" = "$uv_version" ] || .venv/bin/pip install -q --disable-pip-version-check "uv==$uv_version"
  .venv/bin/uv pip sync -q --python .venv/bin/python deps/python.txt
}

lock() { .venv/bin/uv pip compile -q --no-header --no-annotate --upgrade deps/python.in -o deps/python.txt; }
