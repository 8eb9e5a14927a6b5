# evenkeel_embed(SOURCES HEADER files...): a generated source, named in SOURCES, with the text of each file. The header
# declares, in namespace evenkeel::embedded, `extern const std::string_view charts_js;` for .../charts.js.
function(evenkeel_embed sources header)
  set(definitions "")
  foreach(file IN LISTS ARGN)
    get_filename_component(path ${file} ABSOLUTE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    get_filename_component(name ${path} NAME)
    string(MAKE_C_IDENTIFIER ${name} identifier)
    file(READ ${path} text)
    string(APPEND definitions "const std::string_view ${identifier} = R\"EMBEDDED(${text})EMBEDDED\";\n")
  endforeach()
  get_filename_component(stem ${header} NAME_WE)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${stem}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
       "#include \"evenkeel/@header@\"\n\nnamespace evenkeel::embedded {\n@definitions@}  // namespace evenkeel::embedded\n")
  set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  set(${sources} ${source} PARENT_SCOPE)
endfunction()
