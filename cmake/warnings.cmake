# Warnings are errors in our own code, as g++ tells them (clang builds the harnesses alone). Generated code (grammar/) does not link this target.
# -Wrestrict is off: GCC 12 raises it falsely for `"text" + std::string` when it optimizes (bug 105651).
add_library(sluice_warnings INTERFACE)
target_compile_options(sluice_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wimplicit-fallthrough $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<CXX_COMPILER_ID:GNU>:-Werror>)
