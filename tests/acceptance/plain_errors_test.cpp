// Files that are none, directories that are gone and answers that say too little: told in plain
// words, never as a defect.
#include <filesystem>
#include <fstream>

#include "tests/acceptance/fixture.hpp"
#include "tests/support/terminal_process.hpp"

namespace affsync::test::plain_errors_test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class PlainErrors : public Acceptance {
 protected:
  void expect_refused(ProcessOptions const& options, std::string const& said) const {
    auto const done = run(options);
    EXPECT_EQ(done.status, 2) << done.out << done.err;
    EXPECT_NE(done.err.find(said), std::string::npos) << done.err;
    EXPECT_EQ(done.err.find("defect"), std::string::npos) << done.err;
  }
  Words init(std::string const& file) const {
    return {"init",     "-y", "--connector", "ecb_rates",   "--no-check",
            "--config", file, "--database",  database_url()};
  }
};

TEST_F(PlainErrors, a_directory_is_no_file) {
  configure();
  auto const folder = dir_.path().string();
  expect_refused(command({"connectors", "test", folder}), "it is a directory");
  auto options = command({});
  options.arguments = {"status", "--config", folder};
  expect_refused(options, "it is a directory");
  options.arguments = init(folder);
  expect_refused(options, "it is a directory");
}

TEST_F(PlainErrors, a_device_without_an_end_is_too_large) {
  configure();
  auto options = command({});
  options.arguments = {"status", "--config", "/dev/zero"};
  expect_refused(options, "larger than 4 MiB");
  expect_refused(command({"connectors", "test", "/dev/zero"}), "larger than 4 MiB");
}

TEST_F(PlainErrors, a_working_directory_may_be_deleted) {
  configure();
  auto options = command({});
  auto const program = options.program.string();
  options.program = "sh";
  options.arguments = {"-c",
                       "mkdir \"$1\" && cd \"$1\" && rmdir \"$1\" && exec \"$2\" init -y "
                       "--connector ecb_rates --no-check --config x.yaml --database embedded",
                       "sh", (dir_.path() / "gone").string(), program};
  expect_refused(options, "it may be deleted");
}

TEST_F(PlainErrors, init_refuses_what_it_would_have_to_guess) {
  auto options = command({});
  auto const file = (dir_.path() / "it's new.yaml").string();
  auto const with = [&](Words const& more) {
    options.arguments = init(file);
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
  };
  with({"--name", ".."});
  expect_refused(options, "not a name for a source");
  with({"--base-url", "127.0.0.1:8701"});
  auto const refused = run(options);
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("must begin with https://"), std::string::npos) << refused.err;
  EXPECT_EQ(refused.err.find("Before it"), std::string::npos) << refused.err;
  options.arguments = {"init",       "-y",           "--connector", "exness",
                       "--no-check", "--config",     file,          "--credential",
                       "login=a@x",  "--credential", "login=b@x"};
  expect_refused(options, "`--credential login` is given twice");
  options.arguments = init((dir_.path() / "\xe4.yaml").string());
  expect_refused(options, "is not UTF-8");
  with({});
  auto const made = run(options);
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_NE(made.out.find("it'\\''s new.yaml'"), std::string::npos) << made.out;
}

TEST_F(PlainErrors, the_list_of_all_brokers_takes_a_name_and_enter_chooses_none) {
  TerminalProcess person(command({"init", "--database", database_url(), "--no-check"}));
  person.answer("Which broker?", "");
  person.answer("Number or name", "");
  person.wait_for("Please answer with a number");
  person.answer("Number or name", "wintrado");
  person.answer("A name for this source", "");
  person.answer("The address of your broker", "https://");
  person.wait_for("An address is scheme and host");
  person.type("\x03");
  EXPECT_NE(person.wait(), 0);
}

}  // namespace
}  // namespace affsync::test::plain_errors_test
