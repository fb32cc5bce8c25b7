# Language level, warnings and tools that apply to every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(MARU_FUZZ "Build the fuzzers (needs clang)" OFF)
set(MARU_SANITIZE "" CACHE STRING "Sanitizers for every target, e.g. address,undefined")

# Dev: quick to compile, still debuggable, assertions on. Release: optimised, assertions off, symbols for profiles.
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1")
set(CMAKE_C_FLAGS_DEV "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
add_compile_options(-Wall -Wextra -Wno-missing-field-initializers -fno-omit-frame-pointer)

find_program(MARU_CCACHE ccache)
if(MARU_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MARU_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${MARU_CCACHE})
endif()

find_program(MARU_MOLD mold)
if(MARU_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(MARU_SANITIZE)
  add_compile_options(-fsanitize=${MARU_SANITIZE})
  add_link_options(-fsanitize=${MARU_SANITIZE})
endif()
if(MARU_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
