# Options and the flags every target of the project is built with.
option(TWIN_BUILD_TESTS "Build the C++ tests" ${PROJECT_IS_TOP_LEVEL})
option(TWIN_BUILD_BENCHMARKS "Build the C++ benchmarks" OFF)
option(TWIN_BUILD_PYTHON "Build the Python extension twin._core" OFF)
option(TWIN_WERROR "Treat warnings as errors" OFF)
set(TWIN_SANITIZE "" CACHE STRING "Sanitizers to build with, as in -fsanitize=: empty, 'address,undefined' or 'thread'")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# No scan for C++20 modules, and each header is compiled alone by the target all_verify_interface_header_sets.
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ${TWIN_BUILD_TESTS})
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(TWIN_CCACHE ccache)
if(TWIN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TWIN_CCACHE})
endif()

# The same bits everywhere: no fused multiply-add, no reordering of floating point. Public, because the engine's inner
# loops are templates that are compiled in the programs that use it.
set(TWIN_SAME_BITS $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-ffp-contract=off>)

add_library(twin_flags INTERFACE)
# g++ 12 warns wrongly of overlapping memory in "text" + std::string (its bug 105651).
target_compile_options(twin_flags INTERFACE ${TWIN_SAME_BITS} -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
                       $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
                       $<$<BOOL:${TWIN_WERROR}>:-Werror>)

if(TWIN_SANITIZE)
  add_compile_options(-fsanitize=${TWIN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TWIN_SANITIZE})
  # g++ takes its own <regex> for uninitialized and its own vectors for too small when it is instrumented; the
  # sanitizers look at that themselves.
  target_compile_options(twin_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-array-bounds>)
endif()
