#include "daemon/proof/pass_checks.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace affsync::proof {
namespace {

std::vector<Scenario> scenarios_of(FixtureFolder const& folder, std::string const& stream) {
  std::set<std::string> earlier;
  for (auto const& fixture : folder.fixtures) {
    for (auto const& name : fixture.words("after")) earlier.insert(name);
  }
  std::vector<Scenario> out;
  for (auto const& fixture : folder.fixtures) {
    bool const whole =
        fixture.of() == stream && fixture.is_good() && !earlier.contains(fixture.name);
    if (!whole) continue;
    auto const chain = chain_of(folder, fixture);
    if (!chain) continue;
    Scenario scenario;
    scenario.stream = stream;
    scenario.chain = *chain;
    if (scenario.rows() > 0) out.push_back(std::move(scenario));
  }
  // The list with the most rows shows most.
  std::ranges::stable_sort(out, std::greater<>(), &Scenario::rows);
  // Lists of several values of `for_each` are read one after the other.
  Scenario all;
  all.stream = stream;
  std::set<std::string> items;
  for (auto const& scenario : out) {
    auto const item = scenario.chain.front()->get("item");
    if (item.empty() || !items.insert(item).second) continue;
    all.chain.insert(all.chain.end(), scenario.chain.begin(), scenario.chain.end());
  }
  if (items.size() > 1) out.insert(out.begin(), std::move(all));
  return out;
}

// How many rows a page has, so that the list has several.
int page_rows(Listing const& listing) {
  int rows = 3;
  if (auto const* by_offset = std::get_if<engine::OffsetPaging>(&listing.plan().spec->page.kind)) {
    rows = std::max(rows, by_offset->overlap + 2);
  }
  return rows;
}

// Returns the first mail address in a text; empty if there is none.
std::string mail_in(std::string const& text) {
  auto const is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '+';
  };
  for (auto at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1)) {
    auto begin = at, end = at + 1;
    while (begin > 0 && is_part(text[begin - 1])) --begin;
    while (end < text.size() && is_part(text[end])) ++end;
    auto const host = text.substr(at + 1, end - at - 1);
    auto const dot = host.rfind('.');
    bool const named = begin < at && dot != std::string::npos && dot > 0 && dot + 2 < host.size();
    if (named) return text.substr(begin, end - begin);
  }
  return {};
}

}  // namespace

std::size_t Scenario::rows() const {
  std::size_t count = 0;
  for (auto const* fixture : chain) count += fixture->rows.size();
  return count;
}

std::vector<ExpectedRow> rows_in(Listing const& listing) {
  std::vector<ExpectedRow> rows;
  std::map<std::string, int> equal;  // rows by table and key
  for (auto const& row : listing.rows()) {
    for (auto stored : row.stored) {
      auto const id = stored.columns.find("external_id");
      if (listing.plan().spec->map.hash && id != stored.columns.end()) {
        // Alone each of several equal rows is the first one; in a list they are numbered.
        auto const count = ++equal[stored.table + " " + id->second];
        if (count > 1)
          id->second = id->second.substr(0, id->second.rfind('-') + 1) + std::to_string(count);
      }
      rows.push_back(std::move(stored));
    }
  }
  rows = comparable(std::move(rows), listing.plan().spec);
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

std::vector<CheckLine> PassChecks::run() {
  auto const plan = stream_of(plan_, stream_);
  auto const scenarios = scenarios_of(stage_.folder(), stream_);
  bool first = true;
  std::string flaw;  // of the first list that cannot be taken apart
  for (auto const& scenario : scenarios) {
    auto listing = Listing::make(plan, scenario.chain);
    if (!listing) {
      if (flaw.empty()) flaw = listing.error().message;
      add("stored rows", Outcome::not_possible, listing.error().message);
      continue;
    }
    check_stored(*listing, scenario);
    if (first) check_list(std::move(*listing));
    first = false;
  }
  if (first && !flaw.empty()) {
    for (auto const* check :
         {"by one answer", "twice without a change", "in pages", "resumed at each page",
          "throttled", "expired login", "moving list", "truncated answer"}) {
      add(check, Outcome::not_possible, flaw);
    }
  }
  return std::move(lines_);
}

void PassChecks::add(std::string check, Outcome outcome, std::string detail) {
  auto const found = std::ranges::find(lines_, check, &CheckLine::check);
  auto& line = found == lines_.end() ? lines_.emplace_back() : *found;
  if (line.check.empty()) {
    line.stream = stream_;
    line.check = std::move(check);
    line.outcome = outcome;
  } else if (line.outcome == Outcome::ok || outcome == Outcome::failed) {
    line.outcome = outcome;
  }
  if (!detail.empty()) line.details.push_back(std::move(detail));
}

SubjectOptions PassChecks::options(int page_size) {
  SubjectOptions out;
  out.stream = stream_;
  out.page_size = page_size;
  out.password_suffix = std::to_string(stage_.registered().size() + 1);
  return out;
}

SubjectOptions PassChecks::paged_options(Listing const& listing) {
  auto const& page = listing.plan().spec->page;
  if (page.is_single_answer()) return options();
  auto const rows = page_rows(listing);
  auto out = options(page.size ? rows : 0);
  out.behaviour.page_rows = static_cast<std::size_t>(rows);
  return out;
}

bool PassChecks::complain(std::string const& check, std::string const& when, Subject& subject) {
  for (auto const& complaint : subject.broker().complaints()) {
    add(check, Outcome::failed, when + complaint);
  }
  return !subject.broker().complaints().empty();
}

bool PassChecks::judge(std::string const& check, std::string const& when, RunReport const& report,
                       Subject& subject) {
  bool const good = !complain(check, when, subject);
  if (report.status == RunStatus::succeeded) return good;
  auto text = when + "the pass ended as `" + std::string(to_string(report.status)) + "`";
  if (report.error) text += ": " + report.error->to_line();
  add(check, Outcome::failed, std::move(text));
  return false;
}

void PassChecks::compare(std::string const& check, std::string const& when,
                         std::vector<ExpectedRow> const& wanted,
                         std::vector<ExpectedRow> const& found) {
  auto const differences = row_differences(wanted, found);
  if (differences.empty()) return add(check, Outcome::ok);
  for (auto const& difference : differences) add(check, Outcome::failed, when + difference);
}

void PassChecks::check_stored(Listing const& listing, Scenario const& scenario) {
  std::string const check = "stored rows";
  Subject subject(stage_, listing, options());
  auto const report = subject.pass(true);
  auto const when = scenario.chain.back()->name + ": ";
  if (!judge(check, when, report, subject)) return;
  std::vector<ExpectedRow> wanted;
  for (auto const* fixture : scenario.chain) {
    wanted.insert(wanted.end(), fixture->rows.begin(), fixture->rows.end());
  }
  wanted = comparable(std::move(wanted), listing.plan().spec);
  auto const stored = subject.stored();
  wanted = with_hashed_keys(std::move(wanted), stored.rows, listing.plan().spec);
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  compare(check, when, wanted, stored.rows);
  check_personal(stored, scenario);
}

void PassChecks::check_personal(Stored const& stored, Scenario const& scenario) {
  std::string const check = "personal data";
  add(check, Outcome::ok);
  for (auto const* fixture : scenario.chain) {
    for (auto const& word : fixture->words("never kept")) {
      for (auto const& raw : stored.raws) {
        if (raw.find(word) == std::string::npos) continue;
        add(check, Outcome::failed, fixture->name + ": `" + word + "` is in " + raw);
        break;
      }
      for (auto const& row : stored.rows) {
        for (auto const& [column, value] : row.columns) {
          if (value.find(word) == std::string::npos) continue;
          add(check, Outcome::failed,
              fixture->name + ": `" + word + "` is in the column " + column);
        }
      }
    }
  }
  for (auto const& raw : stored.raws) {
    auto const mail = mail_in(raw);
    if (!mail.empty()) {
      add(check, Outcome::failed,
          "a mail address is kept in `raw`: `" + mail + "`; name its field under `personal`");
    }
  }
}

void PassChecks::check_list(Listing listing) {
  constexpr std::size_t wanted_rows = 7;
  listing.fill_up(std::max(wanted_rows, listing.rows().size()));
  Subject subject(stage_, listing, options());
  auto const first = subject.pass(true);
  if (!judge("by one answer", "", first, subject)) return;
  auto const stored = subject.stored();
  compare("by one answer", "", rows_in(listing), stored.rows);
  check_twice(subject, stored);
  check_pages(listing, stored);
}

void PassChecks::check_twice(Subject& subject, Stored const& before) {
  std::string const check = "twice without a change";
  auto const report = subject.pass(true);
  if (!judge(check, "", report, subject)) return;
  auto const changes = report.inserted + report.updated + report.deleted;
  if (changes > 0) {
    add(check, Outcome::failed,
        "the second pass inserted " + std::to_string(report.inserted) + ", changed " +
            std::to_string(report.updated) + " and marked " + std::to_string(report.deleted) +
            " rows, although the broker sent the same ones");
  }
  compare(check, "", before.rows, subject.stored().rows);
}

void PassChecks::check_pages(Listing const& listing, Stored const& whole) {
  std::string const check = "in pages";
  auto const& page = listing.plan().spec->page;
  Subject subject(stage_, listing, paged_options(listing));
  auto const report = subject.pass(true);
  auto const requests = subject.broker().requests();
  if (page.is_single_answer()) {
    add(check, Outcome::not_possible, "the connector reads one answer (`page: none`)");
  } else if (listing.rows().size() < 2 || !listing.is_divisible()) {
    add(check, Outcome::not_possible,
        "the sample has too few rows, and no part of the key can be changed to make more");
  } else {
    if (!judge(check, "", report, subject)) return;
    if (subject.broker().pages() < 2) {
      return add(check, Outcome::failed, "the list has several pages, but only one was requested");
    }
    compare(check, "", whole.rows, subject.stored().rows);
  }
  check_resumed(listing, whole, requests);
  check_throttled(listing, whole, requests);
  check_expired(listing, whole, requests);
  check_moving(listing);
  check_cut(listing);
}

std::vector<CheckLine> check_passes(Stage& stage, engine::SourcePlan const& plan) {
  std::vector<CheckLine> out;
  for (auto const& stream : stage.manifest().streams) {
    auto lines = PassChecks(stage, plan, stream.name).run();
    out.insert(out.end(), lines.begin(), lines.end());
  }
  return out;
}

}  // namespace affsync::proof
