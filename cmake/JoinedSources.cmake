# Two thirds of the time to compile went into reading the same headers again for every source. Joined, sources of a
# target that stand beside each other are compiled as one. A group stays so small that a change in one file is
# compiled in seconds. Off: every source on its own, as tools want it that read compile_commands.json.
option(EVENKEEL_JOINED_SOURCES "Compile several sources at once" ON)

# evenkeel_join(TARGET BYTES sources...): groups of at most BYTES, in the order given.
function(evenkeel_join target most)
  if(NOT EVENKEEL_JOINED_SOURCES)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # What holds of anonymous namespaces in headers does not hold of sources that are included once.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  set(group 1)
  set(bytes 0)
  foreach(source IN LISTS ARGN)
    get_filename_component(source ${source} ABSOLUTE)
    # What is compiled several times over, or with instructions of its own, stands alone.
    file(STRINGS ${source} alone REGEX "foreach_target\\.h|#pragma GCC" LIMIT_COUNT 1)
    if(alone)
      continue()
    endif()
    file(SIZE ${source} size)
    math(EXPR bytes "${bytes} + ${size}")
    if(bytes GREATER most AND NOT bytes EQUAL size)
      math(EXPR group "${group} + 1")
      set(bytes ${size})
    endif()
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP group_${group})
  endforeach()
endfunction()
