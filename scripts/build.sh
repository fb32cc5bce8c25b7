# Configures and builds one preset. Sourced by x.

build() {
  local preset=$1
  shift
  export PATH=$PWD/.venv/bin:$PATH  # Node for the page
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" > /dev/null
  cmake --build --preset "$preset" ${1:+--target "$@"}
}
