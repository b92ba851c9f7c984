# Installs the modules and what find_package(twin) reads, as the component `cpp`; `python` is what the wheel takes.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY TWIN_MODULES)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/twin)

install(TARGETS ${modules} twin_twin EXPORT twinTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT cpp
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT cpp)
install(EXPORT twinTargets NAMESPACE twin:: DESTINATION ${package_dir} COMPONENT cpp)

configure_package_config_file(${CMAKE_CURRENT_SOURCE_DIR}/cmake/twinConfig.cmake.in
                              ${CMAKE_CURRENT_BINARY_DIR}/twinConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/twinConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/twinConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/twinConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT cpp)
install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT cpp)
