# The library headers that nearly every source reads, parsed once for all of them: about a second less for
# each source. Each source still includes what it uses: clang-tidy and `scripts/build` with
# -DSLUICE_PRECOMPILED=OFF read it without.
option(SLUICE_PRECOMPILED "Parse the standard library's headers once for all sources" ON)
set(common_headers
  <algorithm> <array> <cstdint> <functional> <map> <memory> <optional> <set> <span> <string>
  <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h>)

# sluice_precompiled(TARGET HEADERS …): the target reads these headers precompiled, and others may reuse them.
function(sluice_precompiled target)
  if(SLUICE_PRECOMPILED)
    target_precompile_headers(${target} PRIVATE ${ARGN})
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      target_compile_options(${target} PRIVATE -fpch-preprocess) # ccache asks for it
    endif()
  endif()
endfunction()

# sluice_reuse_precompiled(TARGET FROM): the target reads what FROM has precompiled.
function(sluice_reuse_precompiled target from)
  if(SLUICE_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM ${from})
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      target_compile_options(${target} PRIVATE -fpch-preprocess)
    endif()
  endif()
endfunction()
