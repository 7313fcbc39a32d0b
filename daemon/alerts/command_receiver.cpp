// A receiver that is a program of the user's: mail, a pager, a sound.
#include <cstdlib>

#include "base/redact.hpp"
#include "daemon/alerts/command_process.hpp"
#include "daemon/alerts/receiver.hpp"
#include "daemon/alerts/shown_secrets.hpp"
#include "daemon/alerts/words.hpp"

namespace affsync::alerts {
namespace {

// What programs need to know of the machine. The rest may hold secrets of the configuration.
std::vector<std::string> harmless_environment() {
  std::vector<std::string> environment;
  for (auto const* name : {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ",
                           "TMPDIR", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"}) {
    char const* const value = std::getenv(name);
    if (value != nullptr) environment.push_back(std::string(name) + "=" + value);
  }
  return environment;
}

class CommandReceiver final : public Receiver {
 public:
  explicit CommandReceiver(config::AlertReceiver receiver) : receiver_(std::move(receiver)) {
    auto const& words = *receiver_.command;
    // Arguments may hold a token, and a program may quote them.
    for (std::size_t index = 1; index < words.size(); ++index) add_argument(secrets_, words[index]);
    for (auto const& [name, value] : receiver_.environment) secrets_.add(value);
  }

  asio::awaitable<SendOutcome> send(Message message) override {
    auto environment = harmless_environment();
    for (auto const& [name, value] : receiver_.environment) {
      // The first of two of one name would count.
      std::erase_if(environment,
                    [&](std::string const& one) { return one.starts_with(name + "="); });
      environment.push_back(name + "=" + value.reveal());
    }
    for (auto& variable : command_environment(message)) environment.push_back(std::move(variable));
    auto arguments = command_arguments(*receiver_.command, message);
    auto const end = co_await run_command(std::move(arguments), std::move(environment),
                                          plain_text(message) + "\n", receiver_.timeout);
    co_return outcome_of(end);
  }

 private:
  SendOutcome outcome_of(CommandEnd const& end) const {
    SendOutcome outcome;
    auto const output = shown_answer(secrets_.redact(end.output));
    outcome.sent = end.problem.empty() && !end.timed_out && end.status == 0;
    if (!end.problem.empty()) {
      outcome.said = end.problem;
    } else if (end.timed_out) {
      auto const seconds = std::chrono::ceil<std::chrono::seconds>(receiver_.timeout).count();
      outcome.said = "the command " +
                     std::string(end.killed ? "was killed" : "could not be killed") + " after " +
                     std::to_string(seconds) +
                     " s; raise `timeout` of the receiver if it needs longer";
    } else {
      outcome.said = "the command ended with status " + std::to_string(end.status);
    }
    if (!output.empty()) outcome.said += ": " + output;
    if (!outcome.sent) outcome.problem = outcome.said;
    return outcome;
  }

  config::AlertReceiver receiver_;
  Redactor secrets_;
};

}  // namespace

std::unique_ptr<Receiver> make_command_receiver(config::AlertReceiver const& receiver) {
  return std::make_unique<CommandReceiver>(receiver);
}

}  // namespace affsync::alerts
