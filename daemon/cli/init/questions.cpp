#include "daemon/cli/init/questions.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "config/secrets.hpp"
#include "connectors/engine/plan/auth_choice.hpp"
#include "daemon/cli/connectors.hpp"

namespace affsync::cli {
namespace {

std::string lower_letters(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

[[noreturn]] void option_missing(std::string const& what, std::string hint) {
  throw Failure(ErrorCode::usage, what + " is not given", std::move(hint));
}

[[noreturn]] void given_twice(std::string const& what) {
  throw Failure(ErrorCode::usage, "`" + what + "` is given twice", "Give it once.");
}

template <class Specs>
std::vector<std::string> spec_names(Specs const& specs) {
  std::vector<std::string> names;
  for (auto const& spec : specs) names.push_back(spec.name);
  return names;
}

bool contains_word(std::vector<std::string> const& words, std::string const& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct KeyValue {
  std::string key, value;
};

// Splits "KEY=VALUE" and checks the key.
KeyValue split_option(std::string const& option, std::string const& text,
                      std::vector<std::string> const& known) {
  auto const equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    // Never quote it: it may be a secret.
    throw Failure(ErrorCode::usage, option + " takes NAME=VALUE",
                  "Names: " + (known.empty() ? "none" : known.front()) + ", and so on.");
  }
  KeyValue pair{text.substr(0, equals), text.substr(equals + 1)};
  if (contains_word(known, pair.key)) return pair;
  auto const meant = nearest(pair.key, known);
  std::string all;
  for (auto const& name : known) all += (all.empty() ? "" : ", ") + name;
  throw Failure(ErrorCode::usage, option + ": the connector has no `" + pair.key + "`",
                meant         ? "Did you mean `" + *meant + "`?"
                : all.empty() ? "It has none."
                              : "It has: " + all + ".");
}

Secret read_credential_file(std::string const& name, std::string const& path) {
  auto const node = yaml::Node::parse("{file: '" + path + "'}", "--credential");
  try {
    return config::read_secret(node, "the credential `" + name + "`", {});
  } catch (Failure const& failure) {
    Error error = failure.error();
    error.where.clear();
    throw Failure(std::move(error));
  }
}

CredentialAnswer credential_of(engine::CredentialSpec const& spec, std::string const& value) {
  CredentialAnswer answer;
  answer.name = spec.name;
  answer.secret = spec.secret;
  if (value.starts_with('@')) {
    answer.file = std::filesystem::absolute(value.substr(1)).string();
    answer.value = read_credential_file(spec.name, answer.file);
  } else if (value.starts_with("env:")) {
    auto const* const text = std::getenv(value.c_str() + 4);
    if (text == nullptr || *text == '\0') {
      throw Failure(ErrorCode::secret_missing,
                    "the environment variable " + value.substr(4) + " is not set");
    }
    answer.value = Secret(text);
  } else if (spec.secret) {
    throw Failure(ErrorCode::usage,
                  "--credential " + spec.name +
                      ": a secret does not belong on the command line, "
                      "where other users see it",
                  "Write " + spec.name + "=@FILE or " + spec.name + "=env:VARIABLE.");
  } else {
    answer.value = Secret(value);
  }
  return answer;
}

std::string credential_title(engine::CredentialSpec const& spec) {
  return spec.description.empty() ? spec.name : spec.name + " (" + spec.description + ")";
}

}  // namespace

std::vector<engine::Manifest const*> find_connectors(std::string const& word,
                                                     std::vector<engine::Manifest> const& all) {
  auto const wanted = lower_letters(word);
  std::vector<engine::Manifest const*> found;
  for (auto const& manifest : all) {
    if (manifest.name == wanted) return {&manifest};
    std::string text = manifest.name + "\n" + manifest.title;
    for (auto const& stream : manifest.streams) text += "\n" + stream.name + "\n" + stream.title;
    if (lower_letters(text).find(wanted) != std::string::npos) found.push_back(&manifest);
  }
  // A word of a name or a title counts more than one of a stream.
  std::vector<engine::Manifest const*> named;
  for (auto const* manifest : found) {
    auto const text = lower_letters(manifest->name + "\n" + manifest->title);
    if (text.find(wanted) != std::string::npos) named.push_back(manifest);
  }
  return named.empty() ? found : named;
}

engine::Manifest Questions::connector(std::vector<engine::Manifest> const& manifests) const {
  auto const names = spec_names(manifests);
  std::string word = options_.connector;
  if (!interactive_) {
    if (word.empty()) option_missing("--connector", "`affsync connectors` lists them.");
    auto const exact = std::find(names.begin(), names.end(), word);
    if (exact != names.end()) return manifests[static_cast<std::size_t>(exact - names.begin())];
    auto const meant = nearest(word, names);
    throw Failure(ErrorCode::usage, "there is no connector `" + word + "`",
                  meant ? "Did you mean `" + *meant + "`?" : "`affsync connectors` lists them.");
  }
  if (word.empty()) {
    word = prompt_.ask("Which broker? Its name or a part of it; Enter alone shows the list");
  }
  for (;;) {
    auto found = find_connectors(word, manifests);
    if (found.empty()) {
      auto const meant = nearest(lower_letters(word), names);
      prompt_.say("No connector is called `" + word + "`.");
      if (meant && prompt_.confirm("Did you mean " + *meant + "?", true)) {
        word = *meant;
        continue;
      }
      prompt_.say(
          "For another broker, `affsync connectors new --from FILE` makes a connector from a file "
          "that it exports.");
    } else if (found.size() == 1) {
      prompt_.say(found[0]->name + ": " + found[0]->title + "\n");
      return *found[0];
    } else {
      std::vector<std::string> lines;
      for (auto const* manifest : found) lines.push_back(manifest->name + ": " + manifest->title);
      lines.emplace_back("another one");
      std::string other;
      // Enter has just meant the whole list, so it chooses nothing from that.
      auto const chosen = word.empty() ? prompt_.choose_or_say("Number or name", lines, other)
                                       : prompt_.choose("Number", lines);
      if (!other.empty()) {
        word = other;
        continue;
      }
      if (chosen < found.size()) return *found[chosen];
    }
    word = prompt_.ask("Which broker? Its name or a part of it; Enter alone shows the list");
  }
}

std::string Questions::name(engine::Manifest const& manifest,
                            std::vector<std::string> const& taken) const {
  auto preset = manifest.name + "-main";
  for (int number = 2; contains_word(taken, preset); ++number) {
    preset = manifest.name + "-" + std::to_string(number);
  }
  if (!options_.name.empty() || !interactive_) {
    auto const& given = options_.name.empty() ? preset : options_.name;
    if (!contains_word(taken, given)) return given;
    throw Failure(ErrorCode::usage, "there is already a source `" + given + "`",
                  "Give another --name.");
  }
  constexpr auto good = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  for (;;) {
    auto const given = prompt_.ask("A name for this source in reports and commands", preset);
    if (contains_word(taken, given)) {
      prompt_.say("There is already a source of this name.");
    } else if (given == "." || given == "..") {
      prompt_.say("A name of dots alone means a directory everywhere.");
    } else if (given.size() > 64 || given.find_first_not_of(good) != std::string::npos) {
      prompt_.say("A name takes 1 to 64 Latin letters, digits, dots, underscores and hyphens.");
    } else {
      return given;
    }
  }
}

std::string Questions::base_url(engine::Manifest const& manifest, bool for_service) const {
  if (!options_.base_url.empty()) return options_.base_url;
  if (manifest.base_url == "file:///") {
    auto const preset = for_service ? "/var/lib/affsync/inbox/" + manifest.name
                                    : std::filesystem::absolute("inbox-" + manifest.name).string();
    if (!interactive_) return "file://" + preset;
    auto const given = prompt_.ask("The folder that its files are put into", preset);
    return "file://" + std::filesystem::absolute(given).string();
  }
  if (!manifest.base_url.empty()) return {};
  if (!interactive_) {
    option_missing("--base-url",
                   "The connector has no address of its own; give your broker's, "
                   "such as https://partners.example.com.");
  }
  for (;;) {
    auto given = prompt_.ask("The address of your broker, such as https://partners.example.com");
    if (given.find("://") == std::string::npos && !given.empty()) given = "https://" + given;
    auto const host = given.find("://") + 3;
    while (given.size() > host && given.ends_with('/')) given.pop_back();
    bool const has_host = !given.empty() && host < given.size();
    if (has_host && given.find_first_of(" \"\t") == std::string::npos) return given;
    prompt_.say("An address is scheme and host, with a path if the broker has one.");
  }
}

std::vector<CredentialAnswer> Questions::given_credentials(engine::Manifest const& manifest) const {
  std::vector<CredentialAnswer> given;
  auto const names = spec_names(manifest.credentials);
  for (auto const& text : options_.credentials) {
    auto const [key, value] = split_option("--credential", text, names);
    for (auto const& one : given) {
      if (one.name == key) given_twice("--credential " + key);
    }
    for (auto const& spec : manifest.credentials) {
      if (spec.name == key) given.push_back(credential_of(spec, value));
    }
  }
  return given;
}

CredentialAnswer Questions::ask_credential(engine::CredentialSpec const& spec, bool optional,
                                           std::string const& preset) const {
  CredentialAnswer answer;
  answer.name = spec.name;
  answer.secret = spec.secret;
  auto const title =
      credential_title(spec) + (optional ? ", optional: Enter leaves it out" : std::string());
  for (;;) {
    answer.value = spec.secret ? prompt_.ask_hidden(title) : Secret(prompt_.ask(title, preset));
    if (!answer.value.empty() || optional) return answer;
    prompt_.say("It is needed to log in.");
  }
}

std::vector<CredentialAnswer> Questions::credentials(engine::Manifest const& manifest) const {
  if (manifest.credentials.empty()) return {};
  auto const given = given_credentials(manifest);
  auto const find_given = [&](std::string const& name) -> std::optional<CredentialAnswer> {
    for (auto const& one : given) {
      if (one.name == name) return one;
    }
    auto const variable = credential_variable(manifest.name, name);
    auto const* const text = std::getenv(variable.c_str());
    if (text == nullptr || *text == '\0') return std::nullopt;
    for (auto const& spec : manifest.credentials) {
      if (spec.name == name) return credential_of(spec, "env:" + variable);
    }
    return std::nullopt;
  };
  auto sets = engine::credential_sets(manifest);
  std::erase_if(sets, [&](auto const& set) {  // those that have no use for what is given
    return std::any_of(given.begin(), given.end(), [&](auto const& one) {
      auto const spec = std::find_if(manifest.credentials.begin(), manifest.credentials.end(),
                                     [&](auto const& known) { return known.name == one.name; });
      return !spec->optional && !contains_word(set, one.name);
    });
  });
  if (sets.empty()) sets = engine::credential_sets(manifest);
  std::size_t chosen = 0;
  if (interactive_ && sets.size() > 1) {
    std::vector<std::string> lines;
    for (auto const& set : sets) {
      std::string line;
      for (auto const& name : set) line += (line.empty() ? "" : " and ") + name;
      lines.push_back(line.empty() ? "nothing" : line);
    }
    chosen = prompt_.choose("What do you log in with?", lines);
  } else {
    auto const complete = [&](auto const& set) {
      return std::all_of(set.begin(), set.end(),
                         [&](auto const& name) { return find_given(name).has_value(); });
    };
    auto const found = std::find_if(sets.begin(), sets.end(), complete);
    if (found != sets.end()) chosen = static_cast<std::size_t>(found - sets.begin());
  }

  std::vector<CredentialAnswer> answers;
  for (auto const& spec : manifest.credentials) {
    bool const needed = contains_word(sets[chosen], spec.name);
    if (!needed && !spec.optional) continue;
    if (auto const one = find_given(spec.name)) {
      answers.push_back(*one);
    } else if (interactive_) {
      auto answer = ask_credential(spec, !needed, {});
      if (!answer.value.empty()) answers.push_back(std::move(answer));
    } else if (needed) {
      option_missing("the credential `" + spec.name + "`",
                     "Set " + credential_variable(manifest.name, spec.name) +
                         ", or give --credential " + spec.name + "=@FILE.");
    }
  }
  return answers;
}

void Questions::credentials_again(SourceAnswers& source) const {
  for (auto& answer : source.credentials) {
    for (auto const& spec : source.manifest.credentials) {
      if (spec.name != answer.name) continue;
      answer =
          ask_credential(spec, spec.optional, spec.secret ? std::string() : answer.value.reveal());
    }
  }
  std::erase_if(source.credentials, [](auto const& answer) { return answer.value.empty(); });
}

std::map<std::string, std::string> Questions::settings(engine::Manifest const& manifest) const {
  std::map<std::string, std::string> values;
  auto const names = spec_names(manifest.settings);
  for (auto const& text : options_.settings) {
    auto const [key, value] = split_option("--set", text, names);
    if (!values.emplace(key, value).second) given_twice("--set " + key);
  }
  for (auto const& spec : manifest.settings) {
    if (!spec.required || values.count(spec.name) != 0) continue;
    if (!interactive_) {
      option_missing("the setting `" + spec.name + "`",
                     "Give --set " + spec.name + "=VALUE (" + spec.description + ").");
    }
    while (values[spec.name].empty()) {
      values[spec.name] = prompt_.ask(spec.name + " (" + spec.description + ")");
    }
  }
  return values;
}

SourceAnswers Questions::source(std::vector<engine::Manifest> const& manifests,
                                std::vector<std::string> const& taken_names,
                                bool for_service) const {
  SourceAnswers source;
  source.manifest = connector(manifests);
  source.name = name(source.manifest, taken_names);
  source.base_url = base_url(source.manifest, for_service);
  source.settings = settings(source.manifest);
  source.credentials = credentials(source.manifest);
  return source;
}

}  // namespace affsync::cli
