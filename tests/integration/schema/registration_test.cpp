// Sources and feeds in the database: their identity besides their names, and who retires them.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test {
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
  std::unique_ptr<Store> store_of(std::string const& instance) {
    auto options = options_for(url);
    options.instance = instance;
    return make_pg_store(loop.io().get_executor(), options);
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
  // The full pass is still due after a pass that began with the old setting, or that was not full.
  finish(before, true);
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
  end.now = now;
  end.report.status = RunStatus::succeeded;
  loop.run(store->end_run(end));
  // A mapping from before mappings were recorded counts as the same.
  given.streams[0].mapping = given.streams[1].mapping = "1";
  EXPECT_TRUE(put(*store, given, {"x"}).other_mapping.empty());
  EXPECT_FALSE(wanted("feed"));
  given.streams[0].mapping = "2";
  EXPECT_EQ(put(*store, given, {"x"}).other_mapping, std::vector<std::string>{"feed"});
  EXPECT_TRUE(wanted("feed"));
  EXPECT_FALSE(wanted("other"));
  EXPECT_TRUE(put(*store, given, {"x"}).other_mapping.empty());
  // A stream that was never read has nothing to be read again.
  given.streams[1].mapping = "2";
  EXPECT_TRUE(put(*store, given, {"x"}).other_mapping.empty());
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
  loop.run(right->retire_sources_except({}));
  EXPECT_EQ(sources(), "mine a, shared c retired, theirs b retired");
  put(*right, theirs, {"theirs"});
  EXPECT_EQ(sources(), "mine a, shared c retired, theirs b");
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

// A lagging standby becomes the primary: a recent registration is lost.
TEST_F(Registration, ASourceThatTheDatabaseHasLostIsPutBackByItsNextRun) {
  auto given = source_of("x", "a");
  given.streams = {feed("feed")};
  source = put(*store, given, {"x"}).source_id;
  rows("DELETE FROM affsync.stream");
  rows("DELETE FROM affsync.source");
  auto const run = begin();
  EXPECT_EQ(write(run, "commission", {{"k", {{"amount", "1"}}}}).inserted, 1);
  EXPECT_EQ(value("SELECT source_id || ' ' || name || ' ' || hash_salt FROM affsync.source"),
            std::to_string(source) + " x testing:a");
  EXPECT_EQ(value("SELECT stream || ' ' || record_table FROM affsync.stream"), "feed commission");
}

}  // namespace
}  // namespace affsync::schema::test
