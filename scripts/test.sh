# Runs the tests, part by part, on the dev build: assertions are on, and it compiles quickly. Sourced by x.

run_tests() {
  local part parts=("$@") failed=()
  [ ${#parts[@]} -gt 0 ] || parts=(check unit conformance integration faults e2e)
  build dev
  for part in "${parts[@]}"; do
    echo "== $part"
    case $part in
      check) check ;;
      unit) tests/servers/versitygw --install && ctest --preset dev ;;
      conformance | integration | faults) pytest_part "$part" ;;
      e2e) e2e ;;
      *) echo "x: there are no tests named '$part'" >&2; return 2 ;;
    esac || failed+=("$part")
  done
  if [ ${#failed[@]} -gt 0 ]; then
    echo "failed: ${failed[*]}"
    return 1
  fi
  echo "all passed: ${parts[*]}"
}

pytest_part() {
  # A part without a test is a mistake, so pytest's "nothing collected" stays a failure.
  MARU_BINARY=$PWD/build/dev/maru .venv/bin/python -m pytest -q --timeout 300 "tests/$1"
}

e2e() {
  MARU_BINARY=$PWD/build/dev/maru .venv/bin/python -m pytest -q --timeout 600 tests/e2e
}
