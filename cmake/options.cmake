# Language level, warnings, sanitizers and ccache for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT DEFINED CMAKE_UNITY_BUILD_BATCH_SIZE)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wcast-align
                    -Woverloaded-virtual -Wnull-dereference -Wextra-semi)
set(is_gcc "$<CXX_COMPILER_ID:GNU>")
# g++ 12 reports false positives of these inside inlined standard-library code at -O2.
add_compile_options(-Wno-null-dereference "$<${is_gcc}:-Wno-maybe-uninitialized>"
                    "$<${is_gcc}:-Wno-mismatched-new-delete>")
if(CMAKE_UNITY_BUILD)
  # A unity unit includes the .cpp files, so g++ takes their unnamed namespaces for those of headers.
  add_compile_options("$<${is_gcc}:-Wno-subobject-linkage>")
endif()

if(AFFSYNC_SANITIZE)
  add_compile_options(-fsanitize=${AFFSYNC_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${AFFSYNC_SANITIZE})
endif()
if(AFFSYNC_SANITIZE MATCHES "thread")
  # TSan does not know fences. Those of Asio around handlers order nothing that its queues do not.
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  add_compile_options("$<${is_gcc}:-Wno-tsan>")
endif()

find_program(AFFSYNC_CCACHE ccache)
if(AFFSYNC_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${AFFSYNC_CCACHE}")
endif()

# Paths of the build machine do not belong into the binary.
add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
include_directories("${CMAKE_SOURCE_DIR}")
