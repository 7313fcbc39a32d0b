#include "tests/torture/disturbances.hpp"

#include <csignal>

namespace affsync::torture {
namespace {

void change_rows(Stage& stage, Broker& broker, Random& random) {
  auto const& event = any_of(random, broker.kind->events);
  stage.control(broker, {{"do", event.what},
                         {"feed", event.feed},
                         {"rows", std::to_string(1 + below(random, event.what == "add" ? 25 : 8))},
                         {"seed", std::to_string(below(random, 1'000'000))}});
}

void pass_time(Stage& stage, Broker& broker, Random& random) {
  if (broker.days_left > 0) {
    --broker.days_left;
    stage.control(broker, {{"do", "advance"}, {"days", "1"}, {"rows", "12"}});
  } else if (broker.kind->has_clock) {
    stage.control(broker, {{"do", "clock"}, {"advance", std::to_string(below(random, 4000))}});
  }
}

void limit_rate(Stage& stage, Broker& broker, Random& random) {
  std::vector<std::string> const forms{"own", "drf", "seconds", "date", "none", "zero", "503"};
  std::vector<std::string> const headers{"off", "seconds", "milliseconds", "epoch"};
  auto const& form = any_of(random, forms);
  auto const& header = any_of(random, headers);
  stage.control(broker, {{"do", "rate"},
                         {"rate", std::to_string(5 + below(random, 60))},
                         {"burst", "4"},
                         {"form", form},
                         {"headers", header}});
}

void close_endpoint(Stage& stage, Broker& broker, Random& random) {
  if (broker.kind->endpoints.empty()) return;
  bool const hide = below(random, 2) == 0;
  stage.control(broker,
                {{"do", hide ? "hide" : "deny"}, {"name", any_of(random, broker.kind->endpoints)}});
}

void open_endpoints(Stage& stage, Broker& broker) {
  for (auto const& name : broker.kind->endpoints) {
    stage.control(broker, {{"do", "show"}, {"name", name}});
    stage.control(broker, {{"do", "allow"}, {"name", name}});
  }
}

void disturb_broker(Stage& stage, Random& random) {
  auto& broker = stage.brokers()[below(random, stage.brokers().size())];
  auto const dice = below(random, 100);
  if (dice < 50) {
    change_rows(stage, broker, random);
  } else if (dice < 75) {
    stage.control(broker, {{"do", "fault"}, {"spec", random_fault(random, *broker.kind)}});
  } else if (dice < 86) {
    stage.control(broker, {{"do", "clear_faults"}});
    stage.control(broker, {{"do", "rate"}, {"rate", "0"}});
    open_endpoints(stage, broker);
  } else if (dice < 90) {
    if (broker.kind->logs_in) stage.control(broker, {{"do", "expire_tokens"}});
  } else if (dice < 93) {
    limit_rate(stage, broker, random);
  } else if (dice < 95) {
    close_endpoint(stage, broker, random);
  } else {
    pass_time(stage, broker, random);
  }
}

Child* any_child(Stage& stage, Random& random) {
  auto& all = stage.children().all();
  // Always drawn, so that the steps do not depend on which processes live.
  auto const draw = random();
  return all.empty() ? nullptr : &all[draw % all.size()];
}

void disturb_process(Stage& stage, Random& random) {
  auto* const child = any_child(stage, random);
  auto const dice = below(random, 100);
  auto const full = below(random, 3) == 0;
  if (dice >= 75) {
    std::size_t passes = 0;
    for (auto const& each : stage.children().all()) passes += each.daemon ? 0 : 1;
    if (passes >= 2) return;
    std::vector<std::string> arguments{"sync"};
    if (full) arguments.emplace_back("--full");
    stage.note(full ? "start sync --full" : "start sync");
    stage.children().start("sync", false, stage.affsync(std::move(arguments)));
    return;
  }
  if (child == nullptr) return;
  auto const send = [&](int number, char const* name) {
    stage.note(std::string(name) + " to " + child->name);
    stage.children().signal(*child, number);
  };
  if (child->paused) return send(SIGCONT, "SIGCONT");
  if (dice < 20) return send(SIGKILL, "SIGKILL");
  if (dice < 35) return send(SIGTERM, "SIGTERM");
  if (dice < 48) return send(SIGSTOP, "SIGSTOP");
  stage.configure(random);
  for (auto& each : stage.children().all()) {
    // A process that has only begun does not handle SIGHUP yet and would die of it.
    bool const listens = each.process->err().find(" started ") != std::string::npos;
    if (!each.daemon || each.paused || !listens) continue;
    stage.note("SIGHUP to " + each.name);
    stage.children().signal(each, SIGHUP);
  }
}

void keep_two_daemons(Stage& stage) {
  bool first = false, second = false;
  for (auto const& child : stage.children().all()) {
    first = first || child.name == "daemon 1";
    second = second || child.name == "daemon 2";
  }
  if (!first) stage.start_daemon("daemon 1");
  if (!second) stage.start_daemon("daemon 2");
}

}  // namespace

void disturb(Stage& stage, Random& random) {
  stage.children().collect();
  keep_two_daemons(stage);
  auto const dice = below(random, 1000);
  if (dice < 860) {
    disturb_broker(stage, random);
  } else if (dice < 980) {
    disturb_process(stage, random);
  } else if (dice < 994) {
    stage.end_backends();
  } else {
    stage.crash_database();
  }
}

void remove_disturbances(Stage& stage) {
  for (auto& broker : stage.brokers()) {
    stage.control(broker, {{"do", "clear_faults"}});
    stage.control(broker, {{"do", "rate"}, {"rate", "0"}});
    open_endpoints(stage, broker);
  }
}

}  // namespace affsync::torture
