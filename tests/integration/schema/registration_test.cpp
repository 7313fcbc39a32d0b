// Sources and feeds in the database: their identity besides their names, and who retires them.
#include <algorithm>

#include "schema/store/withdrawn.hpp"
#include "tests/integration/schema/fixture.hpp"
#include "tests/support/counted_way.hpp"

namespace affsync::schema::test::registration_test {
namespace {

class Registration : public StoreTest {
 protected:
  Registration() { rows("DELETE FROM affsync.source"); }

  static SourceRegistration source_of(std::string const& name, std::string const& account) {
    SourceRegistration source;
    source.identity.name = name;
    source.identity.connector = "testing";
    source.identity.base_url = "https://broker.example";
    source.identity.account = account;
    source.account_by_login = true;
    source.hash_salt = "testing:" + account;
    source.privacy = "drop";
    return source;
  }
  static StreamRegistration feed(std::string const& name, bool enabled = true) {
    StreamRegistration stream;
    stream.stream = name;
    stream.table = "commission";
    stream.enabled = enabled;
    return stream;
  }
  std::unique_ptr<Store> store_of(std::string const& instance, std::string const& version = {}) {
    auto options = options_for(url);
    options.instance = instance;
    options.version = version;
    return make_pg_store(options);
  }
  SourceRegistered put(Store& by, SourceRegistration given, std::vector<std::string> configured) {
    std::vector<SourceRegistration> one;
    one.push_back(std::move(given));
    return loop.run(by.register_sources(std::move(one), std::move(configured))).at(0);
  }
  std::optional<ErrorCode> refusal(SourceRegistration given) {
    std::vector<std::string> configured{given.identity.name};
    std::vector<SourceRegistration> one;
    one.push_back(std::move(given));
    return loop.code_of(store->register_sources(std::move(one), std::move(configured)));
  }
  // As if some of their rows had been read.
  void read_all() {
    rows(
        "INSERT INTO affsync.stream_state (source_id, stream, live_rows)"
        " SELECT source_id, 'any', 1 FROM affsync.source ON CONFLICT DO NOTHING");
  }
  std::string sources() {
    return value(
        "SELECT string_agg(name || ' ' || coalesce(account, '-') || CASE WHEN retired_at IS NULL"
        " THEN '' ELSE ' retired' END, ', ' ORDER BY source_id) FROM affsync.source");
  }
};

TEST_F(Registration, ASourceOfAnotherNameIsTheSameWhereItsAccountIs) {
  auto const first = put(*store, source_of("broker-1", "a"), {"broker-1"});
  EXPECT_FALSE(first.old_name);
  EXPECT_EQ(first.hash_salt, "testing:a");
  auto const renamed = put(*store, source_of("renamed", "a"), {"renamed"});
  EXPECT_EQ(renamed.old_name, "broker-1");
  EXPECT_EQ(renamed.source_id, first.source_id);
  EXPECT_EQ(sources(), "renamed a");
  // Retired for a while.
  loop.run(store->retire_sources_except({"others"}));
  EXPECT_EQ(sources(), "renamed a retired");
  EXPECT_EQ(put(*store, source_of("again", "a"), {"again", "others"}).old_name, "renamed");
  EXPECT_EQ(sources(), "again a");
  read_all();
  // Another account; the same account twice, both configured; two accounts that it may have been.
  EXPECT_FALSE(put(*store, source_of("other", "b"), {"other"}).old_name);
  EXPECT_FALSE(put(*store, source_of("twin", "a"), {"again", "twin"}).old_name);
  EXPECT_FALSE(put(*store, source_of("which", "a"), {"which"}).old_name);
  EXPECT_EQ(sources(), "again a, other b, twin a, which a");
}

TEST_F(Registration, AnotherAccountUnderAKnownNameIsRefusedAndNothingChanges) {
  put(*store, source_of("x", "a"), {"x"});
  read_all();
  EXPECT_EQ(refusal(source_of("x", "b")), ErrorCode::config_invalid);
  EXPECT_NE(loop.last_message.find("another account"), std::string::npos) << loop.last_message;
  EXPECT_NE(loop.last_message.find("former_credentials"), std::string::npos) << loop.last_message;
  EXPECT_EQ(sources(), "x a");
}

// A typing error in the login name, noticed at the first attempt.
TEST_F(Registration, UntilSomethingIsReadNothingHangsOnTheAccount) {
  auto const first = put(*store, source_of("x", "a"), {"x"});
  auto const corrected = put(*store, source_of("x", "b"), {"x"});
  EXPECT_EQ(corrected.source_id, first.source_id);
  EXPECT_EQ(sources(), "x b");
}

TEST_F(Registration, ALoginNameThatChangedIsTheSameAccountWhereTheConfigurationSaysSo) {
  auto const first = put(*store, source_of("x", "a"), {"x"});
  read_all();
  auto changed = source_of("x", "b");
  changed.former_accounts = {"a"};
  auto const again = put(*store, changed, {"x"});
  EXPECT_EQ(again.source_id, first.source_id);
  EXPECT_EQ(again.hash_salt, "testing:a");  // so that keys stay the same
  EXPECT_EQ(sources(), "x b");
}

TEST_F(Registration, ARenewedKeyIsTheSameAccountUnderTheSameNameOnly) {
  auto by_key = source_of("x", "key-1");
  by_key.account_by_login = false;
  auto const first = put(*store, by_key, {"x"});
  read_all();
  by_key.identity.account = "key-2";
  by_key.hash_salt = "testing:key-2";
  auto const renewed = put(*store, by_key, {"x"});
  EXPECT_TRUE(renewed.renewed_key);
  EXPECT_EQ(renewed.source_id, first.source_id);
  EXPECT_EQ(renewed.hash_salt, "testing:key-1");
  EXPECT_EQ(sources(), "x key-2");
  // The same name at another broker is another account.
  by_key.identity.account = "key-3";
  by_key.identity.connector = "another";
  EXPECT_EQ(refusal(by_key), ErrorCode::config_invalid);
}

// Nothing that is left the same tells that it is the same account.
TEST_F(Registration, AnotherKeyAtAnotherAddressIsAnotherAccountUntilItIsConfirmed) {
  auto by_key = source_of("x", "key-1");
  by_key.account_by_login = false;
  auto const first = put(*store, by_key, {"x"});
  read_all();
  auto other = by_key;
  other.identity.account = "key-2";
  other.identity.base_url = "https://elsewhere.example";
  EXPECT_EQ(refusal(other), ErrorCode::config_invalid);
  EXPECT_NE(loop.last_message.find("another account"), std::string::npos) << loop.last_message;
  EXPECT_NE(loop.last_message.find("former_credentials"), std::string::npos) << loop.last_message;
  // Retired, its rows are still those of the first account.
  loop.run(store->retire_sources_except({"others"}));
  EXPECT_EQ(refusal(other), ErrorCode::config_invalid);
  EXPECT_EQ(sources(), "x key-1 retired");
  // Confirmed by the key of before.
  auto confirmed = other;
  confirmed.former_accounts = {"key-1"};
  auto const moved = put(*store, confirmed, {"x"});
  EXPECT_EQ(moved.source_id, first.source_id);
  EXPECT_TRUE(moved.moved);
  EXPECT_EQ(sources(), "x key-2");
  // Or one after the other.
  other.identity.account = "key-3";
  EXPECT_TRUE(put(*store, other, {"x"}).renewed_key);
  other.identity.base_url = "https://third.example";
  EXPECT_TRUE(put(*store, other, {"x"}).moved);
  EXPECT_EQ(sources(), "x key-3");
}

TEST_F(Registration, TwoSourcesMayChangeTheirNames) {
  auto const a = put(*store, source_of("x", "a"), {"x", "y"});
  auto const b = put(*store, source_of("y", "b"), {"x", "y"});
  read_all();
  std::vector<SourceRegistration> swapped{source_of("x", "b"), source_of("y", "a")};
  auto const registered = loop.run(store->register_sources(std::move(swapped), {"x", "y"}));
  EXPECT_EQ(registered.at(0).source_id, b.source_id);
  EXPECT_EQ(registered.at(1).source_id, a.source_id);
  EXPECT_EQ(sources(), "y a, x b");
}

TEST_F(Registration, ASourceOfBeforeKeepsTheSaltOfItsNameUnderAnother) {
  rows(
      "INSERT INTO affsync.source (name, connector, base_url, account, hash_salt)"
      " VALUES ('x', 'testing', 'https://broker.example', 'a', 'x')");
  EXPECT_EQ(put(*store, source_of("y", "a"), {"y"}).hash_salt, "x");
}

// Another program has registered others while a backup came back.
TEST_F(Registration, NoRunBeginsForTheSourceThatHasTheNumberNow) {
  auto one = source_of("one", "a"), two = source_of("two", "b");
  one.streams = two.streams = {feed("feed")};
  put(*store, one, {"one", "two"});
  std::vector<SourceRegistration> both{one, two};
  auto const before = loop.run(store->register_sources(std::move(both), {"one", "two"}));
  auto const start_of = [&](SourceRegistered const& of) {
    RunStart start;
    start.id = StreamId(of.source_id, "feed", of.created_at);
    start.mode = "full";
    start.started_at = now;
    return start;
  };
  loop.run(store->begin_run(start_of(before.at(1))));
  loop.run(store->retire_sources_except({"one", "two"}));
  rows("DELETE FROM affsync.stream_state");
  rows("DELETE FROM affsync.sync_run");
  rows("DELETE FROM affsync.stream");
  rows("DELETE FROM affsync.source");
  auto const number = std::to_string(before.at(0).source_id);
  rows("ALTER TABLE affsync.source ALTER source_id RESTART WITH " + number);
  auto const other = store_of("other");
  EXPECT_EQ(put(*other, two, {"two"}).source_id, before.at(0).source_id);
  EXPECT_EQ(put(*other, one, {"one"}).source_id, before.at(1).source_id);
  for (auto const& of : before) {
    EXPECT_EQ(loop.code_of(store->begin_run(start_of(of))), ErrorCode::config_invalid);
    EXPECT_NE(loop.last_message.find("under its number"), std::string::npos) << loop.last_message;
  }
  EXPECT_EQ(value("SELECT count(*) FROM affsync.sync_run"), "0");
  EXPECT_EQ(loop.code_of(store->retire_sources_except({"one", "two"})), ErrorCode::config_invalid);
  std::vector<SourceRegistration> again{one, two};
  auto const after = loop.run(store->register_sources(std::move(again), {"one", "two"}));
  EXPECT_EQ(after.at(0).source_id, before.at(1).source_id);
  // A run that began with the old number, and waited, is another one's.
  EXPECT_EQ(loop.code_of(store->begin_run(start_of(before.at(0)))), ErrorCode::config_invalid);
  EXPECT_EQ(loop.code_of(store->begin_run(start_of(after.at(0)))), std::nullopt);
  EXPECT_EQ(loop.code_of(store->retire_sources_except({"one", "two"})), std::nullopt);
}

TEST_F(Registration, ANumberThatIsPutBackIsNotGivenOutAgain) {
  auto given = source_of("one", "a");
  given.streams = {feed("feed")};
  rows("ALTER TABLE affsync.source ALTER source_id RESTART WITH 40");
  auto const first = put(*store, given, {"one"});
  rows("DELETE FROM affsync.stream");
  rows("DELETE FROM affsync.source");
  rows("ALTER TABLE affsync.source ALTER source_id RESTART WITH 37");
  RunStart start;
  start.id = StreamId(first.source_id, "feed", first.created_at);
  start.started_at = now;
  loop.run(store->begin_run(start));
  EXPECT_EQ(value("SELECT source_id FROM affsync.source"), std::to_string(first.source_id));
  EXPECT_EQ(put(*store, source_of("two", "b"), {"one", "two"}).source_id, 41);
  EXPECT_EQ(loop.code_of(store->begin_run(start)), std::nullopt);
}

// Most likely its account was moved and renamed at once, which nobody can be sure of.
TEST_F(Registration, ANewSourceThatIsMuchLikeOneThatHasJustGoneIsTold) {
  put(*store, source_of("old", "a"), {"old"});
  read_all();
  auto moved = source_of("new", "a");
  moved.identity.base_url = "https://moved.example";
  EXPECT_EQ(put(*store, moved, {"new", "old"}).resembles, std::nullopt) << "both are configured";
  rows("DELETE FROM affsync.source WHERE name = 'new'");
  EXPECT_EQ(put(*store, moved, {"new"}).resembles, "old");
  EXPECT_EQ(put(*store, moved, {"new"}).resembles, std::nullopt) << "told once";
  auto other = source_of("other", "b");
  EXPECT_EQ(put(*store, other, {"new", "other"}).resembles, std::nullopt) << "another login";
  other.identity.name = "third";
  other.identity.account = "key-2";
  other.account_by_login = false;
  rows("UPDATE affsync.source SET retired_at = NULL");
  EXPECT_EQ(put(*store, other, {"new", "other", "third"}).resembles, "old") << "another key";
}

// `sync` by timer is told of all sources each time, as a daemon is at each reload.
TEST_F(Registration, ACommandThatReadsAllSourcesGivesUpTheOthers) {
  auto const commands = store_of("commands"), elsewhere = store_of("elsewhere");
  auto const read = [&](Store& by, std::vector<std::string> const& names) {
    std::vector<SourceRegistration> all;
    for (auto const& name : names) all.push_back(source_of(name, name));
    loop.run(by.register_sources(std::move(all), names));
  };
  read(*elsewhere, {"theirs", "shared"});
  read(*commands, {"a", "b", "shared"});
  read(*commands, {"a", "shared"});
  EXPECT_EQ(sources(), "theirs theirs, shared shared, a a, b b retired");
  read(*commands, {"a", "b", "shared"});
  put(*commands, source_of("a", "a"), {"a", "shared"});  // `sync --source a`
  EXPECT_EQ(sources(), "theirs theirs, shared shared, a a, b b");
  read(*commands, {"a"});
  EXPECT_EQ(sources(), "theirs theirs, shared shared, a a, b b retired");
  read(*commands, {"a", "b"});
  EXPECT_EQ(sources(), "theirs theirs, shared shared, a a, b b");
  // A daemon of the same configuration has not read it again yet.
  auto const daemon = store_of("commands");
  loop.run(daemon->retire_sources_except({"a", "b"}));
  read(*commands, {"a"});
  EXPECT_EQ(sources(), "theirs theirs, shared shared, a a, b b");
}

// Two containers have the same path of the file, and so the same name.
TEST_F(Registration, CommandsOfOneNameWithDifferentSourcesDoNotHideEachOther) {
  auto const left = store_of("container"), right = store_of("container");
  auto const read = [&](Store& by, std::vector<std::string> const& names) {
    std::vector<SourceRegistration> all;
    for (auto const& name : names) all.push_back(source_of(name, name));
    loop.run(by.register_sources(std::move(all), names));
  };
  read(*left, {"a", "rates"});
  read(*right, {"b", "rates"});
  for (int turns = 0; turns < 3; ++turns) {
    read(*left, {"a", "rates"});
    EXPECT_EQ(sources(), "a a, rates rates, b b");
    read(*right, {"b", "rates"});
    EXPECT_EQ(sources(), "a a, rates rates, b b");
  }
}

TEST_F(Registration, WhatIsLearnedOfALimitIsThereForTheNextProcess) {
  auto given = source_of("x", "a");
  given.streams = {feed("feed")};
  auto const registered = put(*store, given, {"x"});
  source = registered.source_id;
  EXPECT_FALSE(registered.learned_rate);
  auto const finish = [&](std::optional<LearnedRate> rate) {
    RunEnd end;
    end.run = begin();
    end.success = true;
    end.now = now;
    end.report.status = RunStatus::succeeded;
    end.learned_rate = rate;
    loop.run(store->end_run(end));
  };
  finish(LearnedRate{19.25, 60.4, true});
  finish(std::nullopt);  // nothing new
  auto const next = put(*make_store(), given, {"x"}).learned_rate;
  ASSERT_TRUE(next);
  EXPECT_EQ(next->requests_per_second, 19.25);
  EXPECT_EQ(next->answers, 60);
  EXPECT_TRUE(next->waits_are_told);
  EXPECT_EQ(value("SELECT learned_at = '" + format_time(now) + "' FROM affsync.source"), "t");

  given.privacy = "hash";
  EXPECT_TRUE(put(*store, given, {"x"}).learned_rate) << "the address is the same";
  given.identity.base_url = "https://other.example";
  EXPECT_FALSE(put(*store, given, {"x"}).learned_rate) << "it may have another limit";
  finish(LearnedRate{2, 5, false});
  EXPECT_TRUE(put(*store, given, {"x"}).learned_rate);
  rows("UPDATE affsync.source SET learned_requests_per_second = NULL");
  EXPECT_FALSE(put(*store, given, {"x"}).learned_rate);
}

// It is not worth a run that is whole, but is told.
TEST_F(Registration, ALimitThatCannotBeStoredFailsNoRun) {
  auto given = source_of("x", "a");
  given.streams = {feed("feed")};
  source = put(*store, given, {"x"}).source_id;
  rows("ALTER TABLE affsync.source ADD CHECK (learned_requests_per_second < 10)");
  RunEnd end;
  end.run = begin();
  end.success = true;
  end.now = now;
  end.report.status = RunStatus::succeeded;
  end.learned_rate = LearnedRate{20, 50, false};
  auto const ended = loop.run(store->end_run(end));
  ASSERT_TRUE(ended.rate_not_stored);
  EXPECT_NE(ended.rate_not_stored->message.find("check constraint"), std::string::npos);
  EXPECT_EQ(value("SELECT status FROM affsync.sync_run"), "succeeded");
  EXPECT_EQ(value("SELECT count(learned_at) FROM affsync.source"), "0");
}

TEST_F(Registration, AnotherSettingOfPrivacyOrAddressWantsEveryRowAgainOnce) {
  auto given = source_of("x", "a");
  given.streams = {feed("feed")};
  source = put(*store, given, {"x"}).source_id;
  auto const wanted = [&] { return loop.run(store->load_state({source, "feed"})).full_wanted; };
  auto const finish = [&](RunKey const& run, bool full) {
    RunEnd end;
    end.run = run;
    end.success = true;
    end.full_pass = full;
    end.cursor = "{}";
    end.read_to_end = true;
    end.now = now;
    end.report.status = RunStatus::succeeded;
    loop.run(store->end_run(end));
  };
  finish(begin(), true);
  EXPECT_FALSE(wanted());
  EXPECT_FALSE(put(*store, given, {"x"}).other_privacy);
  auto const before = begin();
  given.privacy = "keep";
  EXPECT_TRUE(put(*store, given, {"x"}).other_privacy);
  EXPECT_TRUE(wanted());
  // The full pass is still due after a pass that began with the old setting, also if a later run
  // ended it, and after one that was not full.
  finish(before, true);
  EXPECT_TRUE(wanted());
  RunStart rest;
  rest.id = {source, "feed"};
  rest.mode = "full";
  rest.started_at = now;
  rest.resumes = true;
  EXPECT_TRUE(loop.run(store->load_state(rest.id)).full_wanted_since_pass);
  finish(loop.run(store->begin_run(rest)), true);
  EXPECT_TRUE(wanted());
  finish(begin(), false);
  EXPECT_TRUE(wanted());
  finish(begin(), true);
  EXPECT_FALSE(wanted());
  given.identity.base_url = "https://moved.example";
  EXPECT_TRUE(put(*store, given, {"x"}).moved);
  EXPECT_TRUE(wanted());
}

TEST_F(Registration, AnotherMappingWantsEveryRowOfItsStreamAgainOnce) {
  auto given = source_of("x", "a");
  given.streams = {feed("feed"), feed("other")};
  source = put(*store, given, {"x"}).source_id;
  auto const wanted = [&](std::string const& stream) {
    return loop.run(store->load_state({source, stream})).full_wanted;
  };
  RunEnd end;
  end.run = begin();
  end.success = end.full_pass = true;
  end.cursor = "{}";
  end.read_to_end = true;
  end.now = now;
  end.report.status = RunStatus::succeeded;
  loop.run(store->end_run(end));
  // The rows are of a mapping from before mappings were recorded, which nobody knows.
  given.streams[0].mapping = given.streams[1].mapping = "1";
  EXPECT_EQ(put(*store, given, {"x"}).other_mapping, std::vector<std::string>{"feed"});
  EXPECT_TRUE(wanted("feed"));
  end.run = begin();
  loop.run(store->end_run(end));
  EXPECT_FALSE(wanted("feed"));
  given.streams[0].mapping = "2";
  EXPECT_EQ(put(*store, given, {"x"}).other_mapping, std::vector<std::string>{"feed"});
  EXPECT_TRUE(wanted("feed"));
  EXPECT_FALSE(wanted("other"));
  EXPECT_TRUE(put(*store, given, {"x"}).other_mapping.empty());
  // Of files no pass reads all rows again. The next one ends it, so that what brokers change later
  // is not taken for our doing.
  auto const until = "SELECT count(*) FROM affsync.stream_state WHERE read_again_until IS NOT NULL";
  EXPECT_EQ(value(until), "0");
  end.run = begin();
  end.full_pass = false;
  end.adds_only = true;
  loop.run(store->end_run(end));
  EXPECT_FALSE(wanted("feed"));
  EXPECT_EQ(value(until), "1");
  // A stream that was never read has nothing to be read again.
  given.streams[1].mapping = "2";
  EXPECT_TRUE(put(*store, given, {"x"}).other_mapping.empty());
}

// Another map alone makes the same rows of the same tables.
TEST_F(Registration, OtherKeysOrTablesWantRowsLookedForThatAreNoLongerMade) {
  auto given = source_of("x", "a");
  given.streams = {feed("feed"), feed("other")};
  for (auto& stream : given.streams) {
    stream.mapping = stream.keys = "1";
    stream.taken = stream.hidden = stream.cut = "-";
  }
  source = put(*store, given, {"x"}).source_id;
  auto const run = begin();
  auto const wanted = "SELECT count(*) FROM affsync.stream_state WHERE unmade_after IS NOT NULL";
  given.streams[0].mapping = "2";
  put(*store, given, {"x"});
  EXPECT_EQ(value(wanted), "0");
  given.streams[0].mapping = "3";
  given.streams[0].keys = "2";
  put(*store, given, {"x"});
  EXPECT_EQ(value(std::string(wanted) + " AND unmade_after = " + std::to_string(run.run_id)), "1");
}

TEST_F(Registration, TwoConfigurationsOnOneDatabaseDoNotHideEachOther) {
  auto const left = store_of("left"), right = store_of("right");
  auto mine = source_of("mine", "a"), theirs = source_of("theirs", "b");
  auto shared = source_of("shared", "c");
  put(*left, mine, {"mine", "shared"});
  put(*left, shared, {"mine", "shared"});
  put(*right, theirs, {"theirs", "shared"});
  put(*right, shared, {"theirs", "shared"});
  loop.run(left->retire_sources_except({"mine", "shared"}));
  loop.run(right->retire_sources_except({"theirs", "shared"}));
  EXPECT_EQ(sources(), "mine a, shared c, theirs b");
  // Each configuration retires its own sources; the shared source is retired with the last one.
  loop.run(left->retire_sources_except({"mine"}));
  EXPECT_EQ(sources(), "mine a, shared c, theirs b");
  // A configuration without any was cut off.
  loop.run(right->retire_sources_except({}));
  EXPECT_EQ(sources(), "mine a, shared c, theirs b");
  loop.run(right->retire_sources_except({"others"}));
  EXPECT_EQ(sources(), "mine a, shared c retired, theirs b retired");
  put(*right, theirs, {"theirs"});
  EXPECT_EQ(sources(), "mine a, shared c retired, theirs b");
}

// `sync` by cron on one machine, a daemon on another.
TEST_F(Registration, WhatOnlyCommandsReadIsRetiredBySomebodyElseOnlyWhenTheyHaveStopped) {
  auto const commands = store_of("commands"), daemon = store_of("daemon");
  put(*commands, source_of("by-cron", "a"), {"by-cron"});
  put(*daemon, source_of("own", "b"), {"own"});
  loop.run(daemon->retire_sources_except({"own"}));
  EXPECT_EQ(sources(), "by-cron a, own b");
  rows("UPDATE affsync.program SET seen_at = now() - interval '9 days' WHERE process = ''");
  loop.run(daemon->retire_sources_except({"own"}));
  EXPECT_EQ(sources(), "by-cron a retired, own b");
  put(*commands, source_of("by-cron", "a"), {"by-cron"});
  loop.run(daemon->retire_sources_except({"own"}));
  EXPECT_EQ(sources(), "by-cron a, own b");
  // The same configuration gives it up.
  auto const its_daemon = store_of("commands");
  loop.run(its_daemon->retire_sources_except({"another"}));
  EXPECT_EQ(sources(), "by-cron a retired, own b");
}

// Two containers have the same path of the file, and so the same name.
TEST_F(Registration, DaemonsOfOneNameWithDifferentSourcesDoNotHideEachOther) {
  auto const left = store_of("container"), right = store_of("container");
  put(*left, source_of("a", "a"), {"a"});
  loop.run(left->retire_sources_except({"a"}));
  put(*right, source_of("b", "b"), {"b"});
  for (int turns = 0; turns < 2; ++turns) {
    loop.run(right->retire_sources_except({"b"}));
    EXPECT_EQ(sources(), "a a, b b");
    loop.run(left->retire_sources_except({"a"}));
    EXPECT_EQ(sources(), "a a, b b");
  }
  loop.run(right->leave());
  loop.run(left->retire_sources_except({"a"}));
  EXPECT_EQ(sources(), "a a, b b retired");
  // One that was killed counts as running for some minutes.
  loop.run(right->retire_sources_except({"b"}));
  loop.run(left->retire_sources_except({"a"}));
  EXPECT_EQ(sources(), "a a, b b");
  rows(
      "UPDATE affsync.program SET seen_at = now() - interval '6 minutes' WHERE 'b' = ANY "
      "(sources)");
  loop.run(left->retire_sources_except({"a"}));
  EXPECT_EQ(sources(), "a a, b b retired");
}

TEST_F(Registration, ASourceOfARunningDaemonIsNotTakenForARenamedOne) {
  auto const left = store_of("left"), right = store_of("right");
  put(*left, source_of("x", "a"), {"x"});
  loop.run(left->retire_sources_except({"x"}));
  auto const other = put(*right, source_of("y", "a"), {"y"});
  EXPECT_EQ(other.read_as, "x");
  EXPECT_FALSE(other.old_name);
  EXPECT_EQ(sources(), "x a, y a");
  // It is told while it is so, not at each reload.
  EXPECT_FALSE(put(*right, source_of("y", "a"), {"y"}).read_as);
}

TEST_F(Registration, ASourceMovesToAnotherDaemonUnderAnotherNameOnceItsOwnHasEnded) {
  auto const left = store_of("left"), right = store_of("right");
  put(*left, source_of("x", "a"), {"x"});
  loop.run(left->retire_sources_except({"x"}));
  loop.run(left->leave());
  EXPECT_EQ(put(*right, source_of("y", "a"), {"y"}).old_name, "x");
  EXPECT_EQ(sources(), "y a");
}

TEST_F(Registration, AnOlderVersionLeavesTheFeedsOfARunningNewerOneAlone) {
  auto const newer = store_of("same", "9.10.0"), older = store_of("same", "9.9.1");
  auto const feeds = [&] {
    return value(
        "SELECT string_agg(stream || coalesce(' ' || mapping, '') || CASE WHEN retired_at IS NULL"
        " THEN '' ELSE ' retired' END, ', ' ORDER BY stream) FROM affsync.stream");
  };
  auto const by = [&](std::string const& feed_name, std::string const& mapping) {
    auto given = source_of("x", "a");
    given.streams = {feed(feed_name), feed("kept")};
    given.streams[1].mapping = mapping;
    return given;
  };
  put(*older, by("old", "m1"), {"x"});
  loop.run(older->retire_sources_except({"x"}));
  EXPECT_EQ(feeds(), "kept m1, old");
  put(*newer, by("new", "m2"), {"x"});
  loop.run(newer->retire_sources_except({"x"}));
  EXPECT_EQ(feeds(), "kept m2, new, old retired");
  put(*older, by("old", "m1"), {"x"});
  EXPECT_EQ(feeds(), "kept m2, new, old retired");
  loop.run(newer->leave());
  put(*older, by("old", "m1"), {"x"});
  EXPECT_EQ(feeds(), "kept m1, new retired, old");
}

TEST_F(Registration, AFeedIsRetiredByWhoeverHadItAndNobodyElse) {
  auto const older = store_of("older"), newer = store_of("newer");
  auto given = source_of("x", "a");
  given.streams = {feed("old")};
  put(*older, given, {"x"});
  put(*newer, given, {"x"});
  auto renamed = given;
  renamed.streams = {feed("new")};
  auto const feeds = [&] {
    return value(
        "SELECT string_agg(stream || CASE WHEN retired_at IS NULL AND in_reports THEN ''"
        " ELSE ' retired' END, ', ' ORDER BY stream) FROM affsync.stream");
  };
  put(*newer, renamed, {"x"});
  EXPECT_EQ(feeds(), "new, old retired");
  // The older program starts again: it must not retire the newer program's feed.
  put(*older, given, {"x"});
  EXPECT_EQ(feeds(), "new, old");
}

// Two connector files of one name would change all amounts with each pass.
TEST_F(Registration, AnotherMappingByAnotherConfigurationIsTold) {
  auto const left = store_of("left"), right = store_of("right");
  auto const by = [&](std::string const& mapping) {
    auto given = source_of("x", "a");
    given.streams = {feed("feed")};
    given.streams[0].mapping = mapping;
    return given;
  };
  EXPECT_FALSE(put(*left, by("m1"), {"x"}).shared);
  rows(
      "INSERT INTO affsync.stream_state (source_id, stream, live_rows)"
      " SELECT source_id, 'feed', 1 FROM affsync.source");
  EXPECT_FALSE(put(*left, by("m2"), {"x"}).shared) << "its own connector has changed";
  auto const other = put(*right, by("m1"), {"x"});
  EXPECT_TRUE(other.shared);
  EXPECT_EQ(other.other_mapping, std::vector<std::string>{"feed"});
  auto const back = put(*left, by("m2"), {"x"});
  EXPECT_TRUE(back.shared);
  EXPECT_EQ(back.other_mapping, std::vector<std::string>{"feed"});
  EXPECT_TRUE(put(*left, by("m2"), {"x"}).other_mapping.empty());
}

// Whoever withdraws it is told once; what another stream brings as well is not missing.
TEST_F(Registration, AFeedThatIsWithdrawnIsToldOnceWithWhatReportsLack) {
  auto given = source_of("x", "a");
  given.streams = {feed("old"), feed("aside")};
  given.streams[1].in_reports = false;
  source = put(*store, given, {"x"}).source_id;
  auto const earn = [&](std::string const& stream, std::string const& key,
                        std::string const& currency, std::string const& status) {
    auto const run = begin(stream);
    write(run, "commission",
          {{key,
            {{"amount", "12.50"},
             {"currency", currency},
             {"status", status},
             {"occurred_on", "2026-01-10"}}}});
    end(run);
  };
  earn("old", "k1", "EUR", "approved");
  earn("old", "k2", "USD", "rejected");
  earn("old", "k3", "EUR", "paid");
  earn("aside", "k1", "EUR", "approved");
  given.streams = {feed("new")};
  EXPECT_EQ(put(*store, given, {"x"}).withdrawn, std::vector<std::string>{"old"});
  EXPECT_TRUE(put(*store, given, {"x"}).withdrawn.empty());
  auto const lacks = [&] {
    return value(
        "SELECT coalesce(string_agg(stream || ' ' || rows || ' ' || amounts, ', '), '')"
        " FROM (" +
        withdrawn_sql("SELECT source_id, stream FROM affsync.stream"
                      " WHERE stream = 'old' AND retired_at IS NOT NULL") +
        ") w");
  };
  EXPECT_EQ(lacks(), "old 3 EUR 25.00");
  earn("new", "k1", "EUR", "approved");
  EXPECT_EQ(lacks(), "old 2 EUR 12.50");
  earn("new", "k2", "USD", "rejected");
  earn("new", "k3", "EUR", "paid");
  EXPECT_EQ(lacks(), "");
}

TEST_F(Registration, AFeedThatComesBackIsInReportsAgainAlsoWhenItIsOff) {
  auto given = source_of("x", "a");
  given.streams = {feed("feed"), feed("other")};
  source = put(*store, given, {"x"}).source_id;
  auto const earn = [&](std::string const& stream) {
    auto const run = begin(stream);
    write(run, "commission",
          {{"k", {{"amount", "5"}, {"currency", "USD"}, {"occurred_on", "2026-01-10"}}}});
    end(run);
  };
  earn("feed");
  earn("other");
  auto const reported = "SELECT sum(amount) FROM reporting.earnings_daily";
  EXPECT_EQ(value(reported), "10");
  given.streams = {feed("other"), feed("never", false)};
  put(*store, given, {"x"});
  EXPECT_EQ(value(reported), "5");
  EXPECT_EQ(value("SELECT string_agg(stream, ' ') FROM reporting.source_health"), "other");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.commission WHERE deleted_at IS NULL"), "2");
  given.streams = {feed("other"), feed("feed", false)};
  put(*store, given, {"x"});
  EXPECT_EQ(value(reported), "10");
}

TEST_F(Registration, AConfigurationIsRegisteredInABoundedNumberOfStatements) {
  std::vector<SourceRegistration> many;
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) {
    auto one = source_of("s" + std::to_string(i), "a" + std::to_string(i));
    for (int k = 0; k < 7; ++k) one.streams.push_back(feed("feed" + std::to_string(k)));
    names.push_back(one.identity.name);
    many.push_back(std::move(one));
  }
  auto copy = many;
  auto const first = loop.run(store->register_sources(std::move(copy), names));
  EXPECT_EQ(value("SELECT count(*) FROM affsync.stream"), "2100");
  // One transaction each time; the second writes nothing.
  auto const written = value("SELECT max(xmin::text::bigint) FROM affsync.stream");
  auto const again = loop.run(store->register_sources(std::move(many), names));
  EXPECT_EQ(value("SELECT max(xmin::text::bigint) FROM affsync.stream"), written);
  EXPECT_EQ(value("SELECT count(DISTINCT xmin::text) FROM affsync.stream"), "1");
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].source_id, again[i].source_id);
  }
}

TEST_F(Registration, TheNumberOfSourcesDoesNotChangeTheNumberOfRoundTrips) {
  affsync::test::CountedWay const way(url);
  auto options = options_for(way.url());
  options.connections = 1;
  options.instance = "counted";
  auto const counted = make_pg_store(options);
  std::vector<std::string> names;
  std::vector<SourceRegistration> all;
  auto const grow_to = [&](int count) {
    while (static_cast<int>(all.size()) < count) {
      auto const number = std::to_string(all.size());
      auto one = source_of("s" + number, "a" + number);
      for (auto const* stream : {"clients", "rewards", "payouts"})
        one.streams.push_back(feed(stream));
      names.push_back(one.identity.name);
      all.push_back(std::move(one));
    }
  };
  struct Trips {
    long registering, claiming, unblocking;
    bool operator==(Trips const&) const = default;
  };
  auto const trips = [&] {
    auto const before = way.round_trips();
    auto copy = all;
    auto const registered = loop.run(counted->register_sources(std::move(copy), names));
    auto const then = way.round_trips();
    loop.run(counted->retire_sources_except(names));
    auto const claimed = way.round_trips();
    std::vector<BlockKey> keys(registered.size());
    for (std::size_t i = 0; i < keys.size(); ++i) keys[i].source_id = registered[i].source_id;
    loop.run(counted->lift_blocks(std::move(keys)));
    return Trips{then - before, claimed - then, way.round_trips() - claimed};
  };
  grow_to(1);
  trips();  // opens the connection
  grow_to(3);
  auto const of_few = trips();
  grow_to(300);
  auto const of_many = trips();
  EXPECT_EQ(of_many.registering, of_few.registering);
  EXPECT_EQ(of_many.claiming, of_few.claiming);
  EXPECT_EQ(of_many.unblocking, of_few.unblocking);
  EXPECT_GT(of_few.registering, 2);
  EXPECT_LT(of_few.registering + of_few.claiming + of_few.unblocking, 30);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.stream"), "900");
}

TEST_F(Registration, ADaemonThatStartsLearnsWhenEachStreamIsDue) {
  auto given = source_of("x", "a");
  given.streams = {feed("read"), feed("new"), feed("open")};
  auto const first = put(*store, given, {"x"});
  EXPECT_TRUE(first.times.empty());
  rows(
      "INSERT INTO affsync.stream_state (source_id, stream, last_success_at, next_run_at, running)"
      " SELECT source_id, 'read', timestamptz '2026-03-01 10:00Z', timestamptz '2026-03-01 "
      "11:00Z', false"
      " FROM affsync.source UNION ALL SELECT source_id, 'open', NULL, NULL, true"
      " FROM affsync.source");
  auto again = put(*store, given, {"x"});
  ASSERT_EQ(again.times.size(), 2U);
  std::ranges::sort(again.times, {}, &StreamTimes::stream);
  EXPECT_EQ(again.times[0].stream, "open");
  EXPECT_TRUE(again.times[0].running);
  EXPECT_FALSE(again.times[0].next_run_at);
  EXPECT_EQ(again.times[1].stream, "read");
  EXPECT_FALSE(again.times[1].running);
  EXPECT_EQ(again.times[1].last_success_at, now + std::chrono::hours(10));
  EXPECT_EQ(again.times[1].next_run_at, now + std::chrono::hours(11));
}

// A lagging standby becomes the primary: a recent registration is lost.
TEST_F(Registration, ASourceThatTheDatabaseHasLostIsPutBackByItsNextRun) {
  auto given = source_of("x", "a");
  given.streams = {feed("feed")};
  auto const made = put(*store, given, {"x"});
  source = made.source_id;
  rows("DELETE FROM affsync.stream");
  rows("DELETE FROM affsync.source");
  RunStart start;
  start.id = StreamId(source, "feed", made.created_at);
  start.mode = "full";
  start.started_at = now;
  auto const run = loop.run(store->begin_run(start));
  EXPECT_EQ(write(run, "commission", {{"k", {{"amount", "1"}}}}).inserted, 1);
  EXPECT_EQ(value("SELECT source_id || ' ' || name || ' ' || hash_salt FROM affsync.source"),
            std::to_string(source) + " x testing:a");
  EXPECT_EQ(value("SELECT stream || ' ' || record_table FROM affsync.stream"), "feed commission");
}

}  // namespace
}  // namespace affsync::schema::test::registration_test
