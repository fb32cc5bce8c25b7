# Configures and builds one preset. Sourced by x.

build() {
  local preset=$1
  shift
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1  # checkouts in different folders share the cache
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" > /dev/null
  cmake --build --preset "$preset" ${1:+--target "$@"}
}
