# Format, layers and documentation. Sourced by x.

cpp_files() { git ls-files --cached --others --exclude-standard 'src/*.cc' 'src/*.h'; }

format() { cpp_files | xargs clang-format-19 -i; }

check() {
  local status=0 unformatted
  unformatted=$(cpp_files | xargs clang-format-19 --dry-run 2>&1 | sed -n 's/:[0-9]*:[0-9]*: warning:.*/: not formatted; run .\/x format/p' | sort -u)
  [ -z "$unformatted" ] || { echo "$unformatted"; status=1; }
  python3 tests/layers.py || status=1
  python3 tests/house.py || status=1
  return $status
}
