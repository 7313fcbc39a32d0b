#include <gtest/gtest.h>

#include "base/utf8.hpp"
#include "schema/store/pg_error.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync::schema::pg_text_test {
namespace {

TEST(ArrayText, QuotesWhatArraysGiveAMeaning) {
  ArrayText array;
  EXPECT_EQ(array.take(), "{}");
  array.add("plain");
  array.add(R"(a"b\c,{})");
  array.add(std::string_view());
  array.add(static_cast<char const*>(nullptr));
  EXPECT_EQ(array.take(), R"({"plain","a\"b\\c,{}","",NULL})");
}

TEST(QuoteName, DoublesQuotes) {
  EXPECT_EQ(quote_name("a\"b"), "\"a\"\"b\"");
}

TEST(PrintableUtf8, ReplacesOnlyWhatIsIllFormed) {
  EXPECT_EQ(printable_utf8("a\xC3\xA9\xF0\x9F\x98\x80"), "a\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(printable_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(printable_utf8(std::string_view("a\0z", 3)), "a\xEF\xBF\xBDz");
  EXPECT_EQ(printable_utf8("cut \xF0\x9F"), "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(OneLine, KeepsTheTextAndTheColumn) {
  EXPECT_EQ(one_line("ERROR:  invalid input syntax for type numeric: \"x\"\n"
                     "CONTEXT:  COPY commission, line 3, column amount: \"x\"\n"),
            "invalid input syntax for type numeric: \"x\" (column amount)");
  EXPECT_EQ(one_line("FATAL:  the database system is starting up\n"),
            "the database system is starting up");
}

TEST(OneLine, LeavesOutTheSqlstateOfAVerboseMessage) {
  EXPECT_EQ(one_line("ERROR:  23514: new row for relation \"t\" violates check constraint \"c\"\n"
                     "DETAIL:  Failing row contains (1).\nCONSTRAINT NAME:  c\n"),
            "new row for relation \"t\" violates check constraint \"c\"");
  EXPECT_EQ(one_line("NOTICE:  00000: the role x was not made\nLOCATION:  here\n"),
            "the role x was not made");
  EXPECT_EQ(one_line("Failure during '[END COPY]': ERROR:  22P02: invalid input syntax: \"x\"\n"),
            "invalid input syntax: \"x\"");
  EXPECT_EQ(one_line("ERROR:  value: too long"), "value: too long");
}

// The server says "ERROR" in its own language.
TEST(OneLine, KnowsALabelOfAnyLanguage) {
  for (auto const* label : {"FEHLER", "ERREUR", "ОШИБКА", "错误", "HATA"}) {
    EXPECT_EQ(one_line(std::string(label) + ":  25006: UPDATE kann nicht\n"), "UPDATE kann nicht");
  }
  EXPECT_EQ(one_line("FEHLER:  23514: neue Zeile: falsch\nCONSTRAINT NAME:  c\n"),
            "neue Zeile: falsch");
  EXPECT_EQ(one_line("a value:  no label of a server"), "a value:  no label of a server");
}

TEST(Sqlstate, DataErrorsAreThoseThatBlameAValue) {
  EXPECT_TRUE(is_data_error("22P02", ""));
  EXPECT_TRUE(is_data_error("23502", ""));
  EXPECT_TRUE(is_data_error("23505", ""));
  EXPECT_TRUE(is_data_error("54000", ""));
  EXPECT_FALSE(is_data_error("42P01", ""));
  EXPECT_FALSE(is_data_error("53100", ""));
  EXPECT_FALSE(is_data_error("", ""));
}

TEST(Sqlstate, ACheckWithoutANameIsAMissingPartitionAndAForeignKeyIsNoFlawOfTheRow) {
  EXPECT_TRUE(is_data_error("23514",
                            "ERROR:  23514: new row for relation \"t\" violates check"
                            " constraint \"c\"\nDETAIL:  …\nCONSTRAINT NAME:  c\n"));
  EXPECT_FALSE(is_data_error("23514",
                             "ERROR:  23514: no partition of relation \"t\" found for row\n"
                             "DETAIL:  Partition key of the failing row contains (x).\n"));
  EXPECT_FALSE(is_data_error("23503",
                             "ERROR:  23503: insert or update on table \"stream\" violates"
                             " foreign key constraint \"k\"\nCONSTRAINT NAME:  k\n"));
}

TEST(ConnectionError, SaysWhatToDoAboutEachKindOfRefusal) {
  struct Case {
    char const* message;
    char const* told;
    char const* hint;
  };
  Case const cases[] = {
      {"connection to server at \"127.0.0.1\", port 6432 failed: FATAL:  unsupported startup"
       " parameter: options\n",
       "unsupported startup parameter: options", "ignore_startup_parameters"},
      {"connection to server at \"h\" failed: FATAL:  database \"books\" does not exist\n",
       "database \"books\" does not exist", "`createdb -E UTF8 -T template0 -O USER books`"},
      {"connection to server at \"h\" failed: FATAL:  role \"me\" does not exist\n",
       "role \"me\" does not exist", "`createuser me`"},
      {"connection to server at \"a\", port 1 failed: Connection refused\n"
       "connection to server at \"b\", port 2 failed: session is read-only\n",
       "session is read-only", "During a failover, wait"},
      {"connection to server at \"h\" failed: FATAL:  password authentication failed for user"
       " \"u\"\n",
       "password authentication failed", "user and password in database.url"},
      {"connection to server at \"h\" failed: FATAL:  sorry, too many clients already\n",
       "too many clients", "max_connections"},
      {"connection to server at \"h\" failed: Connection refused\n\tIs the server running?\n",
       "Connection refused", "that the server is running"},
      {"something else", "something else", "Check database.url and that the server is running."},
      {"connection to server at \"h\" (10.0.0.1), port 5432 failed: could not create socket: Too"
       " many open files\n",
       "Too many open files", "limit of open files"},
      {"connection to server at \"h\" failed: could not read root certificate file \"/a\": Too many"
       " open files\n",
       "Too many open files", "limit of open files"},
      // Words that nobody knows, of a server that runs.
      {"connection to server at \"h\" failed: FATAL:  so war das\n", "so war das",
       "The server answers and takes no connection"},
      {"connection to server at \"h\" failed: FATAL:  28P01: so war das\n", "so war das",
       "user and password in database.url"},
      {"FEHLER:  57P01: Verbindung wird abgebrochen\nserver closed the connection unexpectedly\n",
       "Verbindung wird abgebrochen", "stopping or starting"},
  };
  for (auto const& [message, told, hint] : cases) {
    auto const error = connection_error(message);
    EXPECT_EQ(error.code, ErrorCode::database_unavailable) << message;
    EXPECT_NE(error.message.find(told), std::string::npos) << error.message;
    EXPECT_NE(error.hint.find(hint), std::string::npos) << error.hint;
    EXPECT_EQ(error.message.find('\n'), std::string::npos) << error.message;
  }
}

// The service's user has its own role, and the machine's PostgreSQL goes by the users of the
// machine.
TEST(ConnectionError, NamesTheUserToRunAsWhereTheServerGoesByTheMachines) {
  auto const exists = [](std::string const& name) { return name == "affsync" || name == "anna"; };
  auto const hint = [&](std::string const& own, std::string const& message) {
    return connection_error("connection to server on socket \"/run/x\" failed: FATAL:  " + message,
                            LocalUsers{own, exists})
        .hint;
  };
  EXPECT_EQ(hint("root", "role \"root\" does not exist\n"),
            "The service's database is for its own user: `sudo -u affsync affsync …`. For another "
            "one, name its user in database.url.");
  EXPECT_EQ(hint("anna", "role \"anna\" does not exist\n"),
            "The service's database is for its own user: `sudo -u affsync affsync …`. For another "
            "one, name its user in database.url, or `createuser anna` first.");
  // A user that database.url names, the service itself, and a machine without the service.
  for (auto const& [own, role] :
       {std::pair("root", "boss"), std::pair("affsync", "affsync"), std::pair("zoe", "root")}) {
    EXPECT_EQ(hint(own, "role \"" + std::string(role) + "\" does not exist\n"),
              "Create it first: `createuser " + std::string(role) +
                  "`, or correct the user in database.url.");
  }
  auto const nobody = [](std::string const&) { return false; };
  EXPECT_EQ(
      connection_error("FATAL:  role \"root\" does not exist", LocalUsers{"root", nobody}).hint,
      "Create it first: `createuser root`, or correct the user in database.url.");

  EXPECT_EQ(hint("root", "Peer authentication failed for user \"affsync\"\n"),
            "The server lets in only the user affsync of this machine as that: `sudo -u affsync "
            "affsync …`.");
  EXPECT_EQ(hint("root", "Peer authentication failed for user \"boss\"\n"),
            "Check the user in database.url, and pg_hba.conf of the server.");
}

TEST(ConnectionString, AddsLimitsWhereTheUserGaveNone) {
  StoreOptions options;
  options.url = "host=h password='a b' connect_timeout=9";
  auto const text = connection_string(options).reveal();
  EXPECT_NE(text.find("password='a b'"), std::string::npos) << text;
  EXPECT_NE(text.find("connect_timeout='9'"), std::string::npos) << text;
  EXPECT_EQ(text.find("connect_timeout='5'"), std::string::npos) << text;
  EXPECT_NE(text.find("application_name='affsync'"), std::string::npos) << text;
  // Poolers refuse a connection with startup options.
  EXPECT_EQ(text.find("options"), std::string::npos) << text;
}

TEST(SessionSettings, AreThoseThatTheUserDoesNotSet) {
  StoreOptions options;
  options.url = "host=h";
  auto const all = session_settings(options);
  EXPECT_NE(all.find("SET statement_timeout = 120000; "), std::string::npos) << all;
  EXPECT_NE(all.find("SET timezone = 'UTC'; "), std::string::npos) << all;
  options.url =
      "host=h options='-c work_mem=8MB -cjit=on --lock-timeout=5 -c TimeZone=Europe/Rome'";
  EXPECT_NE(connection_string(options).reveal().find("options='-c work_mem=8MB"),
            std::string::npos);
  auto const some = session_settings(options);
  EXPECT_EQ(some.find("jit"), std::string::npos) << some;
  EXPECT_EQ(some.find("SET lock_timeout"), std::string::npos) << some;
  EXPECT_EQ(some.find("timezone"), std::string::npos) << some;
  EXPECT_NE(some.find("SET statement_timeout"), std::string::npos) << some;
}

TEST(ConnectionString, TakesUrls) {
  StoreOptions options;
  options.url = "postgresql://u:p%27w@h:6432/d?sslmode=require";
  auto const text = connection_string(options).reveal();
  EXPECT_NE(text.find("password='p\\'w'"), std::string::npos) << text;
  EXPECT_NE(text.find("port='6432'"), std::string::npos) << text;
  EXPECT_NE(text.find("sslmode='require'"), std::string::npos) << text;
}

}  // namespace
}  // namespace affsync::schema::pg_text_test
