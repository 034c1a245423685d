# sluice_folder(NAME LINKS …): the static library of one folder, with every source in it.
function(sluice_folder name)
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(sluice_${name} STATIC ${sources})
  target_include_directories(sluice_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(sluice_${name} PUBLIC ${ARGN} PRIVATE sluice_warnings)
endfunction()
