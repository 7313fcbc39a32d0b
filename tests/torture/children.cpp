#include "tests/torture/children.hpp"

#include <algorithm>
#include <csignal>

namespace affsync::torture {
namespace {

constexpr test::Process::Seconds longest_stop{20};  // 5 s are promised, but the machine may be busy

constexpr char const* alarm_text = "the shutdown takes too long";

std::string last_lines(std::string const& text) {
  constexpr std::size_t most = 3000;
  return text.size() <= most ? text : "…" + text.substr(text.size() - most);
}

}  // namespace

void Children::start(std::string name, bool daemon, test::ProcessOptions options) {
  Child child;
  child.name = std::move(name);
  child.daemon = daemon;
  child.started = Clock::now();
  child.process = std::make_unique<test::Process>(std::move(options));
  all_.push_back(std::move(child));
}

void Children::signal(Child& child, int number) {
  if (number == SIGKILL || number == SIGTERM) child.signalled = number;
  if (number == SIGSTOP) child.paused = true;
  if (number == SIGCONT) child.paused = false;
  child.process->signal(number);
}

void Children::judge(Child const& child, int status) {
  if (status == 128 + child.signalled && child.signalled == SIGKILL) return;
  bool const term = child.signalled == SIGTERM;
  bool const just_started = Clock::now() - child.started < std::chrono::seconds(30);
  bool expected = false;
  if (child.daemon) {
    // A daemon ends on SIGTERM, or if the database is unavailable at its start.
    expected = (term && (status == 0 || (status == 128 + SIGTERM && just_started))) ||
               (status == 3 && database_outage_since_(child.started - std::chrono::seconds(40)));
  } else {
    expected = status == 0 || status == 1 || status == 3 || (term && status == 128 + SIGTERM);
  }
  // The program aborts an orderly end that takes too long. A busy machine may cause this.
  if (term && status == 1 && child.process->err().find(alarm_text) != std::string::npos) {
    ++alarms_;
    return;
  }
  if (expected) return;
  problem_(child.name + " ended with status " + std::to_string(status) + ":\n" +
           last_lines(child.process->out() + child.process->err()));
}

void Children::collect() {
  std::erase_if(all_, [&](Child const& child) {
    std::optional<int> status;
    if (child.signalled != 0 && !child.paused) {
      try {
        status = child.process->wait(longest_stop);
      } catch (std::exception const& error) {
        problem_(child.name + " does not end after signal " + std::to_string(child.signalled) +
                 ":\n" + last_lines(error.what()));
        return true;
      }
    } else {
      status = child.process->poll();
    }
    if (status) judge(child, *status);
    return status.has_value();
  });
}

void Children::stop_all() {
  for (auto& child : all_) {
    if (child.paused) signal(child, SIGCONT);
    // A second signal would end the process immediately, with another status.
    if (child.signalled == 0) signal(child, SIGTERM);
  }
  collect();
}

}  // namespace affsync::torture
