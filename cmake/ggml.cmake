# Runs at the end of every project() call of both C++ builds (whisper.cpp and llama.cpp), set through
# CMAKE_PROJECT_INCLUDE in .cargo/config.toml. Two things that neither build script offers:
#
# 1. Native code. XNAI_NATIVE=1 builds ggml for this very processor while Rust stays portable. It has to be
#    forced into the cache here, because llama-cpp-sys-2 always passes GGML_NATIVE=OFF on the command line.
# 2. One ggml each. whisper.cpp and llama.cpp bring ggmls of different ages with the same symbol names and
#    different struct layouts. Whisper's is pre-linked into one object in which only whisper_* stays global.

if(DEFINED ENV{XNAI_NATIVE} AND NOT "$ENV{XNAI_NATIVE}" STREQUAL "0")
  set(GGML_NATIVE ON CACHE BOOL "build ggml for this processor" FORCE)
endif()

if(PROJECT_NAME STREQUAL "whisper.cpp" AND NOT XNAI_ISOLATE_DONE)
  set(XNAI_ISOLATE_DONE ON)
  # objcopy cannot make STB_GNU_UNIQUE symbols local; this emits them as ordinary weak data instead.
  add_compile_options("$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>")

  function(xnai_isolate_whisper)
    set(archives "$<TARGET_FILE:whisper>" "$<TARGET_FILE:ggml>" "$<TARGET_FILE:ggml-base>" "$<TARGET_FILE:ggml-cpu>")
    set(object "${CMAKE_BINARY_DIR}/whisper_isolated.o")
    # --force-group-allocation resolves COMDAT groups now: a group whose symbols became local must not be
    # discarded later in favour of llama.cpp's copy. The emptied archives stay because the crate links them.
    add_custom_target(xnai_isolate ALL
      COMMAND ${CMAKE_LINKER} -r --force-group-allocation -o ${object} --whole-archive ${archives} --no-whole-archive
      COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=whisper_* ${object}
      COMMAND ${CMAKE_COMMAND} -E rm -f ${archives}
      COMMAND ${CMAKE_AR} crs $<TARGET_FILE:whisper> ${object}
      COMMAND ${CMAKE_AR} crs $<TARGET_FILE:ggml>
      COMMAND ${CMAKE_AR} crs $<TARGET_FILE:ggml-base>
      COMMAND ${CMAKE_AR} crs $<TARGET_FILE:ggml-cpu>
      VERBATIM)
    add_dependencies(xnai_isolate whisper ggml ggml-base ggml-cpu)
  endfunction()
  cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL xnai_isolate_whisper)
endif()
