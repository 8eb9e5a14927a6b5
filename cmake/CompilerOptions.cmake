# evenkeel_options: what every target of this tree compiles with. Nothing here ties the build to the machine
# that made it: kernels are dispatched at run time.
add_library(evenkeel_options INTERFACE)
target_compile_options(evenkeel_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
# A tenth of the time went into collecting garbage that the compiler could have left where it was.
target_compile_options(evenkeel_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=524288>)
if(EVENKEEL_WERROR)
  target_compile_options(evenkeel_options INTERFACE -Werror)
endif()
if(EVENKEEL_SANITIZE)
  target_compile_options(evenkeel_options INTERFACE -fsanitize=${EVENKEEL_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(evenkeel_options INTERFACE -fsanitize=${EVENKEEL_SANITIZE})
endif()

# evenkeel_precompile(TARGET OWNER headers...): the headers that cost most to read are read once, by OWNER, for all
# targets that name it. Off with CMAKE_DISABLE_PRECOMPILE_HEADERS, as ccache likes it.
function(evenkeel_precompile target owner)
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()
