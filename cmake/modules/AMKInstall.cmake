# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The installed CMake package: headers, every library of AMK_EXPORTED_LIBS as
# AMK::<name>, AMKConfig.cmake. Included last, when all libraries are known.

include(CMakePackageConfigHelpers)

set(AMK_INSTALL_CMAKEDIR "${CMAKE_INSTALL_LIBDIR}/cmake/AMK")

get_property(amk_libs GLOBAL PROPERTY AMK_EXPORTED_LIBS)
install(TARGETS ${amk_libs} EXPORT AMKTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# TableGen sources go along: a dialect that builds on ours includes them.
foreach(root "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}")
  install(DIRECTORY "${root}/include/"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING
    PATTERN "*.h" PATTERN "*.inc" PATTERN "*.td"
    PATTERN "CMakeFiles" EXCLUDE)
endforeach()

install(EXPORT AMKTargets NAMESPACE AMK::
  DESTINATION "${AMK_INSTALL_CMAKEDIR}")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/modules/AMKConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/AMKConfig.cmake"
  INSTALL_DESTINATION "${AMK_INSTALL_CMAKEDIR}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/AMKConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/AMKConfig.cmake"
  "${PROJECT_BINARY_DIR}/AMKConfigVersion.cmake"
  DESTINATION "${AMK_INSTALL_CMAKEDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}")
