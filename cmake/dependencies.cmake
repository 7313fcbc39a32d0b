# Every library from outside, as Debian and Ubuntu package them (scripts/install_dependencies.sh).
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(LibArchive 3.6 REQUIRED)
find_package(LibXml2 2.9 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS url)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(date REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx)      # Debian ships no CMake config
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)

if(TARGET yaml-cpp::yaml-cpp)   # 0.8
  add_library(affsync_yaml ALIAS yaml-cpp::yaml-cpp)
else()                          # 0.7
  add_library(affsync_yaml INTERFACE)
  target_link_libraries(affsync_yaml INTERFACE yaml-cpp)
endif()

# Asio and Beast are compiled once (daemon/net/asio_src.cpp, beast_src.cpp); every unit that sees
# their headers must have the same macros, or the one-definition rule breaks.
add_library(affsync_asio INTERFACE)
target_compile_definitions(affsync_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_ARRAY)
target_link_libraries(affsync_asio INTERFACE Boost::headers Threads::Threads OpenSSL::SSL)
