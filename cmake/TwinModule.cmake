# twin_module(<name> [PUBLIC targets...] [PRIVATE targets...] [HEADERS_ONLY targets...]): one target twin::<name> from
# include/twin/<name>/*.hpp and src/<name>/*.cpp. A module sees only the modules it names, so an include that points
# upwards does not link. A module of headers alone is an interface target; one with no file at all is left out, also
# from the lists of those that name it.
#
#   PUBLIC        what the module's headers need, and so its users too
#   PRIVATE       what only its sources need; users link it without seeing its headers
#   HEADERS_ONLY  what only its sources include and nobody links: users need not have it installed
function(twin_module name)
  cmake_parse_arguments(arg "" "" "PUBLIC;PRIVATE;HEADERS_ONLY" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/${name}/*.cpp)
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/include/twin/${name}/*.hpp)
  if(NOT sources AND NOT headers)
    return()
  endif()
  foreach(list arg_PUBLIC arg_PRIVATE)
    foreach(wanted ${${list}})
      if(wanted MATCHES "^twin::" AND NOT TARGET ${wanted})
        list(REMOVE_ITEM ${list} ${wanted})
      endif()
    endforeach()
  endforeach()

  if(sources)
    set(reach PUBLIC)
    add_library(twin_${name} STATIC ${sources})
    target_link_libraries(twin_${name} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:twin_flags>)
    foreach(seen ${arg_HEADERS_ONLY})
      target_link_libraries(twin_${name} PRIVATE $<BUILD_INTERFACE:${seen}>)
    endforeach()
  else()
    set(reach INTERFACE)
    add_library(twin_${name} INTERFACE)
  endif()
  add_library(twin::${name} ALIAS twin_${name})
  set_target_properties(twin_${name} PROPERTIES EXPORT_NAME ${name})
  target_sources(twin_${name} ${reach} FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR}/include FILES ${headers})
  target_compile_features(twin_${name} ${reach} cxx_std_20)
  target_compile_options(twin_${name} ${reach} ${TWIN_SAME_BITS})
  target_link_libraries(twin_${name} ${reach} ${arg_PUBLIC})
  set_property(GLOBAL APPEND PROPERTY TWIN_MODULES twin_${name})
endfunction()
