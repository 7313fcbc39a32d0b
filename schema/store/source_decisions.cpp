// Which stored source is which source of the configuration. Performs no I/O.
#include <algorithm>
#include <map>

#include "schema/store/registration.hpp"

namespace affsync::schema {
namespace {

bool same_account(KnownSource const& row, SourceRegistration const& given) {
  auto const& identity = given.identity;
  if (!row.account || *row.account == identity.account || !row.read) return true;
  return std::ranges::find(given.former_accounts, *row.account) != given.former_accounts.end();
}

// A renewed key cannot be distinguished from the key of another account. With the same name,
// connector and address it counts as renewed; at another address, nothing shows that it is the same
// account. A login name identifies the account, so it never does.
bool may_be_renewed(KnownSource const& row, SourceRegistration const& given) {
  return !given.account_by_login && row.connector == given.identity.connector &&
         row.base_url == given.identity.base_url;
}

// The same login at another address, or another key at the same one.
bool is_much_alike(KnownSource const& row, SourceRegistration const& given) {
  auto const& identity = given.identity;
  if (row.connector != identity.connector) return false;
  if (row.account == identity.account) return true;
  return row.base_url == identity.base_url && !given.account_by_login;
}

Failure another_account(KnownSource const& row, SourceRegistration const& given) {
  std::string message =
      "the source `" + given.identity.name +
      "` is now another account than the one whose rows are stored under its name";
  std::string hint =
      "Give this account another name: a source is one account, and its rows stay. If it is the"
      " same account";
  if (given.account_by_login) {
    hint +=
        " and only its login name has changed, add former_credentials with the old one to the"
        " source.";
  } else if (row.connector == given.identity.connector) {
    message += ", as far as its key (or its settings, if it has none) and its address, " +
               row.base_url + " before, are both others";
    hint +=
        ", add former_credentials with the old key to the source for the next `affsync sync`, or"
        " change one of the two, run `affsync sync`, and then change the other.";
  } else {
    message += ": its connector and its key are both others";
    hint += ", change one of the two, run `affsync sync`, and then change the other.";
  }
  Error error(ErrorCode::config_invalid, std::move(message), std::move(hint));
  return Failure(std::move(error.in(given.identity.name, "")));
}

}  // namespace

std::vector<SourceDecision> decide_sources(std::vector<KnownSource> const& known,
                                           std::vector<SourceRegistration> const& wanted,
                                           std::set<std::string> const& configured) {
  std::vector<SourceDecision> decisions(wanted.size());
  std::map<std::string, KnownSource const*> by_name;
  for (auto const& row : known) by_name[row.name] = &row;
  std::set<int> taken;
  auto const take = [&](std::size_t i, KnownSource const& row) {
    decisions[i].source_id = row.source_id;
    taken.insert(row.source_id);
  };
  // Sources whose name and account both match a row.
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto const row = by_name.find(wanted[i].identity.name);
    if (row != by_name.end() && same_account(*row->second, wanted[i])) take(i, *row->second);
  }
  // Renamed sources, found by their account: only if exactly one row matches.
  std::set<std::string> wanted_names;
  for (auto const& source : wanted) wanted_names.insert(source.identity.name);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (decisions[i].source_id) continue;
    auto const& identity = wanted[i].identity;
    KnownSource const* only = nullptr;
    int found = 0;
    for (auto const& row : known) {
      bool const free = !taken.contains(row.source_id) &&
                        (!configured.contains(row.name) || wanted_names.contains(row.name));
      if (!free || row.connector != identity.connector || row.base_url != identity.base_url ||
          row.account != identity.account) {
        continue;
      }
      if (row.held) {
        decisions[i].read_as = row.name;
        continue;
      }
      only = &row;
      ++found;
    }
    if (found == 1) take(i, *only);
  }
  // Names whose row belongs to another account, unless that row was matched under another name.
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (decisions[i].source_id) continue;
    auto const row = by_name.find(wanted[i].identity.name);
    if (row == by_name.end() || taken.contains(row->second->source_id)) continue;
    if (!may_be_renewed(*row->second, wanted[i])) throw another_account(*row->second, wanted[i]);
    take(i, *row->second);
    decisions[i].renewed_key = true;
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (decisions[i].source_id) continue;
    auto const found = std::ranges::find_if(known, [&](KnownSource const& row) {
      return !taken.contains(row.source_id) && !row.held && row.read && !row.retired &&
             !configured.contains(row.name) && is_much_alike(row, wanted[i]);
    });
    if (found != known.end()) decisions[i].resembles = found->name;
  }
  std::map<int, KnownSource const*> by_id;
  for (auto const& row : known) by_id[row.source_id] = &row;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto& decision = decisions[i];
    if (!decision.source_id) continue;
    auto const& row = *by_id.at(*decision.source_id);
    auto const& identity = wanted[i].identity;
    if (row.name != identity.name) decision.old_name = row.name;
    decision.moved = row.base_url != identity.base_url;
    auto const& privacy = wanted[i].privacy;
    decision.other_privacy = row.privacy && !privacy.empty() && *row.privacy != privacy;
    bool const first_privacy = !row.privacy && !privacy.empty();
    decision.changed = decision.old_name || decision.moved || decision.other_privacy ||
                       first_privacy || row.retired || row.connector != identity.connector ||
                       row.account != identity.account || !row.hash_salt;
  }
  return decisions;
}

}  // namespace affsync::schema
