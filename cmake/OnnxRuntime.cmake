# ONNX Runtime's C header for the build and its library for the run, as deps/onnxruntime.sh puts them into .deps.
# Nothing links against the library: maru opens it when the first ONNX model is loaded.
set(MARU_ONNXRUNTIME_ROOT ${PROJECT_SOURCE_DIR}/.deps/onnxruntime)
if(NOT EXISTS ${MARU_ONNXRUNTIME_ROOT}/lib/libonnxruntime.so.1)
  message(STATUS "Fetching ONNX Runtime into ${MARU_ONNXRUNTIME_ROOT}")
  execute_process(COMMAND ${PROJECT_SOURCE_DIR}/deps/onnxruntime.sh COMMAND_ERROR_IS_FATAL ANY)
endif()
add_library(maru_onnxruntime INTERFACE)
target_include_directories(maru_onnxruntime SYSTEM INTERFACE ${MARU_ONNXRUNTIME_ROOT}/include)
# Where dlopen looks: the build's own copy, and the folder beside an installed program.
target_link_options(maru_onnxruntime INTERFACE "LINKER:-rpath,${MARU_ONNXRUNTIME_ROOT}/lib:$ORIGIN/../lib/maru")
target_link_libraries(maru_onnxruntime INTERFACE ${CMAKE_DL_LIBS})
