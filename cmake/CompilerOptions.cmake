# evenkeel_options: what every target of this tree compiles with. Nothing here ties the build to the machine
# that made it: kernels are dispatched at run time.
add_library(evenkeel_options INTERFACE)
target_compile_options(evenkeel_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
if(EVENKEEL_WERROR)
  target_compile_options(evenkeel_options INTERFACE -Werror)
endif()
if(EVENKEEL_SANITIZE)
  target_compile_options(evenkeel_options INTERFACE -fsanitize=${EVENKEEL_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(evenkeel_options INTERFACE -fsanitize=${EVENKEEL_SANITIZE})
endif()
