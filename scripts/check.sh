# Format, layers and documentation. Sourced by x.

cpp_files() { git ls-files --cached --others --exclude-standard 'src/*.cc' 'src/*.h'; }

format() { cpp_files | xargs clang-format-19 -i; }

check() {
  local status=0
  cpp_files | xargs clang-format-19 --dry-run --Werror 2>&1 | grep -E 'error' | sed 's/: error:.*/: not formatted; run .\/x format/' | sort -u | head -20
  [ "${PIPESTATUS[1]}" -eq 0 ] || status=1
  python3 tests/layers.py || status=1
  python3 tests/house.py || status=1
  return $status
}
