# The commit that a binary was built from, written to base/version_info.hpp in the build tree at
# every build (a configure-time value would go stale).
add_custom_target(affsync_version_info
  COMMAND "${CMAKE_COMMAND}" "-DSOURCE=${CMAKE_SOURCE_DIR}" "-DVERSION=${PROJECT_VERSION}"
          "-DOUTPUT=${CMAKE_BINARY_DIR}/generated/version_info.hpp"
          -P "${CMAKE_SOURCE_DIR}/cmake/version_script.cmake"
  BYPRODUCTS "${CMAKE_BINARY_DIR}/generated/version_info.hpp"
  VERBATIM)
