# Runs the benchmarks of bench/. Sourced by x.

run_bench() {
  if [ $# -eq 0 ]; then
    echo "benchmarks (./x bench NAME [--json FILE]):"
    ls bench/*.py | sed 's/.*\//  /; s/\.py$//' | grep -v '^  _'
    return
  fi
  local name=$1
  shift
  MARU_BINARY=$PWD/build/release/maru .venv/bin/python "bench/$name.py" "$@"
}
