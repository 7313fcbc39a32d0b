// What brokers and networks do while a list is read: nothing may be lost, and nothing may be taken
// for gone.
#include <algorithm>
#include <set>

#include "daemon/proof/pass_checks.hpp"

namespace affsync::proof {
namespace {

// The numbers of the requests at which a pass is disturbed: each, or a choice of many.
std::set<int> places_of(int requests) {
  constexpr int most = 10;
  std::set<int> places;
  for (int i = 0; i < most; ++i) places.insert(1 + i * std::max(requests - 1, 0) / (most - 1));
  return places;
}

}  // namespace

void PassChecks::check_resumed(Listing const& listing, Stored const& whole, int requests) {
  std::string const check = "resumed at each page";
  for (int const place : places_of(requests)) {
    auto const when = "stopped at request " + std::to_string(place) + ": ";
    auto options = paged_options(listing);
    auto behaviour = options.behaviour;
    options.behaviour.fail_from = place;
    Subject subject(stage_, listing, options);
    auto const stopped = subject.pass(false);
    if (stopped.status == RunStatus::succeeded) {
      add(check, Outcome::failed, when + "the pass succeeded, although the broker failed");
      continue;
    }
    subject.broker().behave(behaviour);
    if (!judge(check, when, subject.pass(false), subject)) continue;
    compare(check, when, whole.rows, subject.stored().rows);
  }
}

void PassChecks::check_throttled(Listing const& listing, Stored const& whole, int requests) {
  std::string const check = "throttled";
  auto options = paged_options(listing);
  options.behaviour.throttle_at = std::min(2, requests);
  Subject subject(stage_, listing, options);
  auto const report = subject.pass(true);
  if (!judge(check, "", report, subject)) return;
  if (report.throttled != 1) {
    add(check, Outcome::failed,
        "the broker refused one request as too many; the run counts " +
            std::to_string(report.throttled));
  }
  compare(check, "", whole.rows, subject.stored().rows);
}

void PassChecks::check_expired(Listing const& listing, Stored const& whole, int requests) {
  std::string const check = "expired login";
  if (!std::holds_alternative<engine::LoginTokenAuth>(plan_.auth)) {
    return add(check, Outcome::not_possible, "the connector has no login");
  }
  auto options = paged_options(listing);
  options.behaviour.expire_at = std::min(2, requests);
  Subject subject(stage_, listing, options);
  if (!judge(check, "", subject.pass(true), subject)) return;
  auto const logins = subject.broker().logins();
  if (logins != 2) {
    add(check, Outcome::failed,
        "the token expired once; there were " + std::to_string(logins) + " logins instead of two");
  }
  compare(check, "", whole.rows, subject.stored().rows);
}

void PassChecks::check_moving(Listing const& listing) {
  std::string const check = "moving list";
  auto options = paged_options(listing);
  auto behaviour = options.behaviour;
  options.behaviour.move = true;
  Subject subject(stage_, listing, options);
  auto const report = subject.pass(true);
  if (!subject.broker().has_moved()) {
    return add(check, Outcome::not_possible, "the list is read by one request");
  }
  auto const before = rows_in(listing);
  auto missing = before;
  auto const first = subject.stored();
  std::erase_if(missing, [&](auto const& row) { return std::ranges::count(first.rows, row) > 0; });
  for (auto const& text : row_differences(missing, {})) {
    add(check, Outcome::failed, "a row was inserted in front while the list was read: " + text);
  }
  // A row that moved to the next page looks like a second one if its id is a hash of its content.
  auto const sent = rows_in(subject.broker().listing());
  auto twice = first.rows;
  std::erase_if(twice, [&](auto const& row) { return std::ranges::count(sent, row) > 0; });
  if (!twice.empty() && report.status == RunStatus::succeeded) {
    add(check, Outcome::failed,
        "a row was inserted in front while the list was read, and the pass took a row for two");
  }
  subject.broker().behave(behaviour);
  if (!judge(check, "the pass after a row was inserted: ", subject.pass(true), subject)) return;
  auto const stored = subject.stored();
  compare(check, "", rows_in(subject.broker().listing()), stored.rows);
  // Without ids, a row that was counted twice while the list moved is one that has to go.
  if (stored.deleted > 0 && !listing.plan().spec->map.hash) {
    add(check, Outcome::failed,
        std::to_string(stored.deleted) + " rows were marked as deleted, although none was removed");
  }
}

void PassChecks::check_cut(Listing const& listing) {
  std::string const check = "truncated answer";
  auto options = paged_options(listing);
  auto behaviour = options.behaviour;
  Subject subject(stage_, listing, options);
  if (!judge(check, "", subject.pass(true), subject)) return;
  auto const before = subject.stored();
  // What is stored may stand for a reading: a pass over it takes fewer requests than the first one.
  subject.broker().behave(behaviour);
  if (!judge(check, "the second pass: ", subject.pass(true), subject)) return;
  behaviour.cut_at = std::max(1, subject.broker().requests());
  subject.broker().behave(behaviour);
  auto const report = subject.pass(true);
  if (report.status == RunStatus::succeeded) {
    add(check, Outcome::failed, "an answer that ends in its middle was taken for a good one");
  }
  auto const after = subject.stored();
  compare(check, "", before.rows, after.rows);
  if (after.deleted > 0) {
    add(check, Outcome::failed,
        std::to_string(after.deleted) +
            " rows were marked as deleted after an answer that was cut");
  }
  behaviour.cut_at = 0;
  subject.broker().behave(behaviour);
  if (!judge(check, "the pass after it: ", subject.pass(true), subject)) return;
  compare(check, "", before.rows, subject.stored().rows);
}

}  // namespace affsync::proof
