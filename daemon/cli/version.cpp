// `affsync version`: the version of the program and its libraries.
#include <libpq-fe.h>
#include <openssl/crypto.h>
#include <zlib.h>

#include <boost/version.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "daemon/cli/commands.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "version_info.hpp"

namespace affsync::cli {

namespace {

// libpq reports 150010 for 15.10.
std::string libpq_version() {
  int const number = PQlibVersion();
  return std::to_string(number / 10'000) + "." + std::to_string(number % 10'000);
}

std::string boost_version() {
  return std::to_string(BOOST_VERSION / 100'000) + "." +
         std::to_string(BOOST_VERSION / 100 % 1000) + "." + std::to_string(BOOST_VERSION % 100);
}

// "OpenSSL 3.0.15 3 Sep 2024" -> "3.0.15"
std::string openssl_version() {
  std::string const text = OpenSSL_version(OPENSSL_VERSION);
  auto const from = text.find(' ');
  return from == std::string::npos ? text
                                   : text.substr(from + 1, text.find(' ', from + 1) - from - 1);
}

}  // namespace

std::string version_line() {
  return std::string("affsync ") + AFFSYNC_VERSION + " (" + AFFSYNC_COMMIT + ")";
}

int run_version() {
  std::cout << version_line() << "\n\n";
  TextTable table({{"library"}, {"version"}});
  auto add = [&](char const* library, std::string const& version) {
    table.add_row({library, version.empty() ? "unknown" : version});
  };
  // Shared libraries that report their version at run time.
  add("OpenSSL", openssl_version());
  add("zlib", zlibVersion());
  add("libpq", libpq_version());
  // The other libraries, with their versions at build time.
  add("Boost", boost_version());
  add("libpqxx", AFFSYNC_WITH_PQXX);
  add("yaml-cpp", AFFSYNC_WITH_YAML_CPP);
  add("spdlog", AFFSYNC_WITH_SPDLOG);
  add("date", AFFSYNC_WITH_DATE);
  add("xxHash", AFFSYNC_WITH_XXHASH);
  add("libsystemd", AFFSYNC_WITH_SYSTEMD);
  add("nlohmann-json", AFFSYNC_WITH_NLOHMANN_JSON);
  add("simdjson", AFFSYNC_WITH_SIMDJSON);
  add("CLI11", AFFSYNC_WITH_CLI11);
  std::cout << table.render({}) << "\nCompiler: " << AFFSYNC_COMPILER << std::endl;
  return 0;
}

}  // namespace affsync::cli
