# How this project declares its targets. Libraries without LLVM use
# amk_add_library; libraries of the compiler use amk_add_mlir_library. Both
# land in the export set AMKTargets, never in MLIR's.

# Warnings for our own code only (LLVM's headers are SYSTEM).
function(amk_target_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wno-unused-parameter)
  if(AMK_ENABLE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

function(amk_enable_sanitizer name)
  if(name STREQUAL "thread")
    add_compile_options(-fsanitize=thread -g -fno-omit-frame-pointer)
    add_link_options(-fsanitize=thread)
    add_compile_definitions(AMK_SANITIZER_NAME="thread")
  elseif(name STREQUAL "address")
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
                        -g -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
    add_compile_definitions(AMK_SANITIZER_NAME="address")
  elseif(name STREQUAL "fuzzer")
    # Coverage and checks everywhere; the fuzz targets add -fsanitize=fuzzer.
    add_compile_options(-fsanitize=fuzzer-no-link,address,undefined
                        -fno-sanitize-recover=undefined -g)
    add_link_options(-fsanitize=address,undefined)
    add_compile_definitions(AMK_SANITIZER_NAME="address")
  elseif(NOT name STREQUAL "")
    message(FATAL_ERROR "AMK_SANITIZER: found '${name}', expected thread, address or fuzzer")
  endif()
endfunction()

# amk_add_library(AMKFoo SHARED? A.cpp B.cpp LINK AMKBar Threads::Threads)
function(amk_add_library name)
  cmake_parse_arguments(ARG "SHARED" "" "LINK" ${ARGN})
  if(ARG_SHARED)
    add_library(${name} SHARED ${ARG_UNPARSED_ARGUMENTS})
  else()
    add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  endif()
  add_library(AMK::${name} ALIAS ${name})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  # Errors are exceptions here, and LLVM's flags must not switch them off.
  target_compile_options(${name} PRIVATE -fexceptions)
  amk_target_warnings(${name})
  set_property(GLOBAL APPEND PROPERTY AMK_EXPORTED_LIBS ${name})
endfunction()

# amk_add_mlir_library(AMKFoo A.cpp DEPENDS XIncGen MLIR_LIBS MLIRIR AMK_LIBS AMKBar)
function(amk_add_mlir_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;MLIR_LIBS;AMK_LIBS" ${ARGN})
  add_mlir_library(${name} ${ARG_UNPARSED_ARGUMENTS} DISABLE_INSTALL
                   DEPENDS ${ARG_DEPENDS})
  add_library(AMK::${name} ALIAS ${name})
  mlir_target_link_libraries(${name} PUBLIC ${ARG_MLIR_LIBS})
  target_link_libraries(${name} PUBLIC ${ARG_AMK_LIBS})
  foreach(t ${name} obj.${name})
    if(TARGET ${t})
      target_include_directories(${t} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
      amk_target_warnings(${t})
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY AMK_EXPORTED_LIBS ${name})
  set_property(GLOBAL APPEND PROPERTY AMK_COMPILER_LIBS ${name})
endfunction()

# amk_add_tool(amk-foo amk-foo.cpp LINK AMKBar)
function(amk_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  amk_target_warnings(${name})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
