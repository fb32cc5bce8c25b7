# maru_module(NAME <name>          one folder under src/maru, one static library maru_<name>
#   SOURCES  <file.cc> ...         listed by hand, so that a forgotten file is seen
#   DEPS     <module> ...          other maru modules (without the prefix), as the table of layers allows
#   LIBS     <target> ...          third-party targets
#   TESTS    <foo_test.cc> ...     become one test binary, maru_<name>_test
#   FUZZERS  <foo_fuzz.cc> ...     one binary each, with -DMARU_FUZZ=ON
#   TEST_LIBS <target> ...)        libraries only the tests need
function(maru_module)
  cmake_parse_arguments(M "" "NAME" "SOURCES;DEPS;LIBS;TESTS;FUZZERS;TEST_LIBS" ${ARGN})
  set(target maru_${M_NAME})
  list(TRANSFORM M_DEPS PREPEND maru_)
  add_library(${target} STATIC ${M_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC ${M_DEPS} ${M_LIBS})
  if(M_TESTS)
    add_executable(${target}_test ${M_TESTS})
    target_link_libraries(${target}_test PRIVATE ${target} ${M_TEST_LIBS} GTest::gmock GTest::gtest_main)
    add_test(NAME ${M_NAME} COMMAND ${target}_test)
    set_tests_properties(${M_NAME} PROPERTIES TIMEOUT 300)
  endif()
  if(MARU_FUZZ)
    foreach(source ${M_FUZZERS})
      get_filename_component(fuzzer ${source} NAME_WE)
      add_executable(${fuzzer} ${source})
      target_link_libraries(${fuzzer} PRIVATE ${target} -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()
