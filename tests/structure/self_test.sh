#!/bin/sh
# Runs each rule on small trees that break it and on trees that do not.
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
failed=0

# expect RULE pass|fail FILE TEXT: the expected result of the rule for a tree with that one file
expect() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree/$(dirname "$3")"
  printf '%b' "$4" > "$tree/$3"
  if sh "$here/$1.sh" "$tree" > /dev/null; then outcome=pass; else outcome=fail; fi
  [ "$outcome" = "$2" ] && return
  printf '%s: expected %s for %s:\n%b\n' "$1" "$2" "$3" "$4"
  failed=1
}

expect includes pass base/a.cpp '#include <string>\n#include "base/b.hpp"\n'
expect includes pass daemon/a.cpp '#include "config/a.hpp"\n#include "schema/a.hpp"\n'
expect includes fail base/a.cpp '#include "config/a.hpp"\n'
expect includes fail config/a.cpp '#include "daemon/a.hpp"\n'
expect includes fail config/a.cpp '#include "schema/a.hpp"\n'
expect includes fail connectors/engine/a.cpp '#include "config/a.hpp"\n'
expect includes fail schema/a.hpp '#include "connectors/engine/a.hpp"\n'
expect includes fail connectors/engine/a.hpp '#include <boost/asio/awaitable.hpp>\n'
expect includes fail connectors/engine/a.hpp '#include <pqxx/pqxx>\n'
expect includes fail connectors/engine/a.hpp '  #  include <spdlog/spdlog.h>\n'
expect includes fail base/a.hpp '#include <boost/asio.hpp>\n'
expect includes fail schema/a.hpp '#include "base/yaml/node.hpp"\n'
expect includes pass schema/a.hpp '#include <boost/asio/awaitable.hpp>\n'
expect includes fail daemon/sync/a.cpp '#include <boost/beast/http.hpp>\n'
expect includes fail daemon/sync/a.cpp '#include <boost/asio/ssl/context.hpp>\n'
expect includes pass daemon/net/a.cpp '#include <boost/asio/ssl.hpp>\n#include <boost/beast.hpp>\n'
expect includes fail base/json.cpp '#include <nlohmann/json.hpp>\n'
expect includes pass base/json_parse.cpp '#include <nlohmann/json.hpp>\n'
expect includes fail config/a.cpp '#include <yaml-cpp/yaml.h>\n'
expect includes pass base/yaml/a.cpp '#include <yaml-cpp/yaml.h>\n'
expect includes fail daemon/sync/a.cpp '#include <spdlog/spdlog.h>\n'
expect includes fail daemon/serve/a.cpp '#include <CLI/CLI.hpp>\n'
expect includes fail base/a.cpp '#include "b.hpp"\n'
expect includes fail base/a.cpp '#include "../base/b.hpp"\n'
expect includes pass daemon/a.cpp '#include "version_info.hpp"\n'

expect distributed fail schema/views/distributed/a.sql '-- Of a view that is not there.\\n-- beside: 123456789abc\\n'
expect distributed pass schema/views/a.sql 'SELECT 1'

expect floors pass connectors/engine/rows/a.hpp '#include "connectors/engine/paging/slice.hpp"\n'
expect floors fail connectors/engine/values/a.cpp '#include "connectors/engine/rows/mapping.hpp"\n'
expect floors fail connectors/engine/values/a.hpp '#include "connectors/engine/rows/mapping.hpp"\n'
expect floors fail connectors/engine/answer/a.hpp '#include "connectors/engine/pace/limiter.hpp"\n'
expect floors fail connectors/engine/paging/a.hpp '#include "connectors/engine/stream_reader.hpp"\n'
expect floors fail connectors/engine/attic/a.hpp '#include <string>\n'

expect headers pass base/a.hpp '// What it is.\n#pragma once\n'
expect headers fail base/a.hpp '#pragma once\n// What it is.\n'
expect headers fail base/a.hpp '//\n#pragma once\n'
expect headers fail tests/support/a.hpp '// What it is.\n'
expect headers pass tests/unit/a_test.cpp 'namespace affsync::a_test {\nTEST(A, B) {}\n'
expect headers fail tests/unit/a_test.cpp 'namespace affsync::test {\nTEST(A, B) {}\n'
expect headers fail daemon/a.cpp "$(yes '//\n' | head -n 401 | tr -d '\n')"
expect headers pass daemon/a.cpp "$(yes '//\n' | head -n 400 | tr -d '\n')"

expect coroutines pass daemon/a.cpp 'auto body = [p = std::move(p)]() -> awaitable<void> {\n'
expect coroutines pass daemon/a.cpp 'co_await f([&] { g(); });\n'
expect coroutines pass daemon/a.cpp 'co_await f([this, &x] { g(); });\n'
expect coroutines pass daemon/a.cpp 'co_await f(list[index], std::move(options));\n'
expect coroutines pass daemon/a.cpp 'if (co_await f()) {\n  g(Options{1});\n}\n'
expect coroutines pass daemon/a.cpp '// co_await f(Options{1});\ng("co_await", Options{1});\n'
expect coroutines pass daemon/a.cpp 'x = co_await ready() ? 1 : 2;\n'
expect coroutines fail daemon/a.cpp 'co_await f([p = std::move(p)] { g(); });\n'
expect coroutines fail daemon/a.cpp 'co_spawn(executor,\n    [self]() -> awaitable<void> {\n'
expect coroutines fail daemon/a.cpp 'co_spawn(executor, [=]() -> awaitable<void> {\n'
expect coroutines fail daemon/a.cpp 'co_await f([&, name] { g(); });\n'
expect coroutines fail daemon/a.cpp 'co_await f(\n    Options{.a = 1});\n'
expect coroutines fail daemon/a.cpp 'co_await f({.a = 1});\n'
expect coroutines fail daemon/a.cpp 'co_return co_await f(x, {1, 2});\n'
expect coroutines fail tests/a.cpp 'auto x = c ? co_await f() : g();\n'

# expect_page pass|fail TEXT: the same for a page, in a tree with one test
expect_page() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree/docs" "$tree/tests"
  printf 'TEST_F(Books,\n       money_is_exact) {\n' > "$tree/tests/a_test.cpp"
  printf '%b' "$2" > "$tree/docs/promises.md"
  if sh "$here/promises.sh" "$tree" > /dev/null; then outcome=pass; else outcome=fail; fi
  [ "$outcome" = "$1" ] && return
  printf 'promises: expected %s for:\n%b\n' "$1" "$2"
  failed=1
}
expect_page pass '| exact | `Books.money_is_exact`, `Books.*` |\n'
expect_page fail '| exact | `Books.money_is_exakt` |\n'
expect_page fail '| exact | `Bookz.*` |\n'
expect_page fail '| exact | |\n'

exit $failed
