// affsync-torture: real processes, misbehaving brokers and a crashing database. At the end the
// books must be right. Only this file includes CLI11.
#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <random>
#include <thread>

#include "tests/torture/disturbances.hpp"
#include "tests/torture/verdict.hpp"

namespace affsync::torture {
namespace {

struct Options {
  unsigned seconds = 25;
  std::uint64_t seed = std::random_device{}();
  bool log = false;
  std::string program;
};

int report(Stage const& stage, Options const& options, std::string const& summary) {
  if (options.log || !stage.problems().empty()) std::cout << stage.log();
  std::cout << summary;
  for (auto const& text : stage.problems()) std::cout << "PROBLEM: " << text << "\n";
  std::cout << (stage.problems().empty() ? "the books are right" : "FAILED") << ", seed "
            << options.seed << ", " << options.seconds << " s" << std::endl;
  return stage.problems().empty() ? 0 : 1;
}

int torture(Options const& options) {
  std::cout << "seed " << options.seed << std::endl;
  Random random(options.seed);
  Stage stage(random, options.program);
  auto const end = Clock::now() + std::chrono::seconds(options.seconds);
  std::string summary;
  try {
    while (Clock::now() < end) {
      disturb(stage, random);
      std::this_thread::sleep_for(std::chrono::milliseconds(below(random, 120)));
    }
    stage.note("the disturbances are over");
    remove_disturbances(stage);
    stage.wait_for_database();
    stage.children().stop_all();
    stage.configure_for_the_end();
    summary = judge(stage);
  } catch (std::exception const& error) {
    stage.problem(std::string("the torture itself failed: ") + error.what());
  }
  return report(stage, options, summary);
}

int parse_and_torture(int argc, char** argv) {
  Options options;
  CLI::App app("Real processes under random disturbances; at the end the books must be right.",
               "affsync-torture");
  app.add_option("--seconds", options.seconds, "duration of the disturbances")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "seed of all random choices; always printed");
  app.add_option("--program", options.program, "the affsync to test, such as one with sanitizers");
  app.add_flag("--log", options.log, "print the steps even if nothing is wrong");
  CLI11_PARSE(app, argc, argv);
  return torture(options);
}

}  // namespace
}  // namespace affsync::torture

int main(int argc, char** argv) {
  try {
    return affsync::torture::parse_and_torture(argc, argv);
  } catch (std::exception const& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
