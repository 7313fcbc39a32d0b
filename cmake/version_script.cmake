# Writes version_info.hpp; the file is touched only when its text changes.
execute_process(COMMAND git -C "${SOURCE}" rev-parse --short=12 HEAD
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit "unknown")
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT
"#pragma once
#define AFFSYNC_VERSION \"${VERSION}\"
#define AFFSYNC_COMMIT \"${commit}\"
")
