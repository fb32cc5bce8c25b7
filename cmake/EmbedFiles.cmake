# maru_embed(OUTPUT <file.cc> SYMBOL <name> HEADER <header> FOLDER <dir> FILES <name> ...)
# Writes a source that defines `std::span<const EmbeddedFile> SYMBOL()`, declared in HEADER: the files' names and contents,
# so that the program carries them.
function(maru_embed)
  cmake_parse_arguments(E "" "OUTPUT;SYMBOL;FOLDER;HEADER" "FILES" ${ARGN})
  set(arrays "")
  set(rows "")
  set(index 0)
  foreach(name ${E_FILES})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${E_FOLDER}/${name})
    file(READ ${E_FOLDER}/${name} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(APPEND arrays "constexpr unsigned char k${index}[] = {${bytes}0};\n")
    string(APPEND rows "    {\"${name}\", {reinterpret_cast<const char*>(k${index}), sizeof(k${index}) - 1}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(CONFIGURE OUTPUT ${E_OUTPUT} @ONLY CONTENT
       "#include \"${E_HEADER}\"\n\nnamespace maru::serving {\nnamespace {\n${arrays}}  // namespace\n\nstd::span<const EmbeddedFile> ${E_SYMBOL}() {\n  static const EmbeddedFile kFiles[] = {\n${rows}  };\n  return kFiles;\n}\n\n}  // namespace maru::serving\n")
endfunction()
