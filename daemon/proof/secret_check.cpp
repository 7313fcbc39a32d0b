// Looks for secrets in everything that a proof has left behind.
#include <algorithm>
#include <set>

#include "daemon/proof/checks.hpp"
#include "daemon/proof/subject.hpp"

namespace affsync::proof {
namespace {

// Everything that the database holds, one text per row, with the name of its table.
std::vector<std::pair<std::string, std::string>> everything(Stage& stage) {
  auto const tables = stage.run(stage.store().query(
      "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'affsync'",
      {}));
  std::vector<std::pair<std::string, std::string>> out;
  for (auto const& table : tables.rows) {
    auto const& name = table.front().value();
    auto const rows = stage.run(stage.store().query("SELECT t::text FROM " + name + " AS t", {}));
    for (auto const& row : rows.rows) out.emplace_back(name, row.front().value_or(""));
  }
  return out;
}

std::string hidden(std::string text, std::string const& secret) {
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret)) {
    text.replace(at, secret.size(), "***");
  }
  constexpr std::size_t most = 300;
  return text.size() <= most ? text : text.substr(0, most) + "…";
}

std::string line_with(std::string const& text, std::size_t at) {
  auto const begin = text.rfind('\n', at) == std::string::npos ? 0 : text.rfind('\n', at) + 1;
  return text.substr(begin, text.find('\n', at) - begin);
}

}  // namespace

std::vector<CheckLine> check_secrets(Stage& stage) {
  CheckLine line;
  line.stream = "any";
  line.check = "secrets";
  std::set<std::string> const secrets(stage.secrets().begin(), stage.secrets().end());
  if (secrets.empty()) {
    line.outcome = Outcome::not_possible;
    bool const has_some = std::ranges::any_of(stage.manifest().credentials,
                                              [](auto const& one) { return one.secret; });
    line.details.emplace_back(has_some ? "no list was read, so no secret was sent"
                                       : "the source has no secret credentials");
    return {line};
  }
  auto const rows = everything(stage);
  auto const& log = stage.log().text();
  std::set<std::string> found;
  for (auto const& secret : secrets) {
    auto const at = log.find(secret);
    if (at != std::string::npos) {
      found.insert("a secret is in the log: " + hidden(line_with(log, at), secret));
    }
    for (auto const& [table, text] : rows) {
      if (text.find(secret) == std::string::npos) continue;
      found.insert("a secret is in " + table + ": " + hidden(text, secret));
      break;
    }
  }
  if (!found.empty()) line.outcome = Outcome::failed;
  line.details.assign(found.begin(), found.end());
  return {line};
}

}  // namespace affsync::proof
