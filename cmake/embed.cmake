# sluice_embed(TARGET NAME=FILE …): the texts of files as constants of a generated source, so that the program needs no
# file beside it. Run as a script it writes that source: -DOUTPUT=… -DNAMES=a|b -DFILES=…|…
if(CMAKE_SCRIPT_MODE_FILE)
  string(REPLACE "|" ";" names "${NAMES}")
  string(REPLACE "|" ";" files "${FILES}")
  set(source "// Written by cmake/embed.cmake.\n#include \"render/report_assets.h\"\n\nnamespace sluice::render {\n\n")
  foreach(name file IN ZIP_LISTS names files)
    file(READ "${file}" text)
    string(APPEND source "const std::string_view ${name} = R\"sluice_asset(${text})sluice_asset\";\n")
  endforeach()
  file(WRITE "${OUTPUT}" "${source}\n}  // namespace sluice::render\n")
  return()
endif()

set(SLUICE_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

# NAME=FILE …: the constants `NAME`, declared in render/report_assets.h.
function(sluice_embed target)
  foreach(pair ${ARGN})
    string(REPLACE "=" ";" pair "${pair}")
    list(GET pair 0 name)
    list(GET pair 1 file)
    list(APPEND names ${name})
    list(APPEND files ${file})
  endforeach()
  list(JOIN names "|" joined_names)
  list(JOIN files "|" joined_files)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} "-DNAMES=${joined_names}" "-DFILES=${joined_files}" -P ${SLUICE_EMBED_SCRIPT}
    DEPENDS ${files} ${SLUICE_EMBED_SCRIPT}
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
