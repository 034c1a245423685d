# Warnings are errors in our own code, as g++ tells them (clang builds the harnesses alone). Generated code
# (grammar/) does not link this target. The four that are off are raised falsely by GCC 12 for
# `"text" + std::string` when it optimizes (bug 105651).
add_library(sluice_warnings INTERFACE)
target_compile_options(sluice_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_compile_options(sluice_warnings INTERFACE
    -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Werror)
endif()
