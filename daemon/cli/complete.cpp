#include "daemon/cli/complete.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "base/alert_rules.hpp"
#include "config/load.hpp"
#include "config/outline.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/removable_sources.hpp"

namespace affsync::cli {
namespace {

OptionInfo const* find_option(CommandInfo const& command, std::string const& name) {
  for (auto const& option : command.options) {
    if (!option.positional && std::ranges::find(option.names, name) != option.names.end()) {
      return &option;
    }
  }
  return nullptr;
}

OptionInfo const* find_positional(CommandInfo const& command, std::size_t index) {
  for (auto const& option : command.options) {
    if (!option.positional) continue;
    if (index == 0 || option.repeatable) return &option;
    --index;
  }
  return nullptr;
}

std::vector<Candidate> split_words(std::string const& value) {
  std::vector<Candidate> words;
  std::size_t begin = 0;
  while (begin <= value.size()) {
    auto const end = std::min(value.find('|', begin), value.size());
    words.push_back({value.substr(begin, end - begin), {}});
    begin = end + 1;
  }
  return words;
}

// What the words before the cursor have said.
struct TypedWords {
  CommandInfo const* command = nullptr;
  OptionInfo const* awaits = nullptr;  // the option whose value comes next
  std::size_t positionals = 0;
  std::vector<std::string> used;  // names of options
  std::string source;             // of --source, or of an argument `source`
  bool only_arguments = false;    // after `--`
};

bool is_source(OptionInfo const& option) {
  return option.names.front() == "--source" || option.names.front() == "source";
}

void take_value(TypedWords& progress, OptionInfo const& option, std::string const& value) {
  if (is_source(option)) progress.source = value;
}

void take_option(TypedWords& progress, std::string const& word) {
  auto const equals = word.find('=');
  auto const* option = find_option(*progress.command, word.substr(0, equals));
  if (option == nullptr) return;
  if (!option->repeatable) {
    progress.used.insert(progress.used.end(), option->names.begin(), option->names.end());
  }
  if (option->value.empty()) return;
  if (equals == std::string::npos) {
    progress.awaits = option;
  } else {
    take_value(progress, *option, word.substr(equals + 1));
  }
}

void take_word(TypedWords& progress, std::string const& word) {
  if (progress.awaits != nullptr) {
    if (word == "=") return;  // bash splits --source=NAME into three words
    take_value(progress, *std::exchange(progress.awaits, nullptr), word);
    return;
  }
  if (word == "--") {
    progress.only_arguments = true;
  } else if (word.starts_with("-") && !progress.only_arguments) {
    take_option(progress, word);
  } else {
    auto const& commands = progress.command->commands;
    auto const command = std::ranges::find(commands, word, &CommandInfo::name);
    if (command != commands.end() && progress.positionals == 0) {
      progress.command = &*command;
      return;
    }
    auto const* argument = find_positional(*progress.command, progress.positionals++);
    if (argument != nullptr) take_value(progress, *argument, word);
  }
}

void add_values(Candidates& found, TypedWords const& progress, OptionInfo const& option,
                KnownNames const& names) {
  auto const add = [&found](std::vector<Candidate> more) {
    found.list.insert(found.list.end(), more.begin(), more.end());
  };
  auto const& name = option.names.front();
  bool const of_connectors = option.value.find("FILE|NAME") != std::string::npos ||
                             name == "connector" || name == "--connector";
  auto const& command = progress.command->name;
  if (command == "remove" && name == "name") {
    add(names.removable());
  } else if (option.value == "RULE|ID") {
    add(names.rules());
  } else if (command == "test" && name == "name") {
    add(names.receivers());
  } else if (is_source(option)) {
    add(names.sources());
  } else if (name == "--stream" || name == "stream") {
    add(names.streams(progress.source));
  } else if (of_connectors) {
    add(names.connectors());
    found.files = option.value.find("FILE") != std::string::npos;
  } else if (option.value == "FILE" || name == "file") {
    found.files = true;
  } else if (option.value == "DIR") {
    found.folders = true;
  } else if (option.value.find('|') != std::string::npos) {
    add(split_words(option.value));
  }
}

void add_options(Candidates& found, TypedWords const& progress) {
  for (auto const& option : progress.command->options) {
    if (option.positional) continue;
    for (auto const& name : option.names) {
      if (std::ranges::find(progress.used, name) == progress.used.end()) {
        found.list.push_back({name, option.help});
      }
    }
  }
}

void add_next(Candidates& found, TypedWords const& progress, KnownNames const& names) {
  if (progress.positionals == 0) {
    for (auto const& command : progress.command->commands) {
      found.list.push_back({command.name, command.help});
    }
  }
  auto const* argument = find_positional(*progress.command, progress.positionals);
  if (argument != nullptr) add_values(found, progress, *argument, names);
}

std::string read_file(std::string const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Returns the value of --config in the words: the file that names the sources.
std::string config_option(std::vector<std::string> const& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with("--config=")) return words[i].substr(9);
    if (words[i] != "--config" || i + 1 >= words.size()) continue;
    bool const apart = words[i + 1] == "=" && i + 2 < words.size();
    return words[i + (apart ? 2 : 1)];
  }
  return {};
}

// Reads the configuration and the connectors when a name of theirs is asked for.
class Configured {
 public:
  explicit Configured(std::vector<std::string> const& words) {
    auto const file = config::find_config_file(config_option(words), config::process_environment());
    if (file) outline_ = config::outline_of(read_file(*file));
  }

  std::vector<Candidate> sources() const {
    std::vector<Candidate> list;
    for (auto const& source : outline_.sources) list.push_back({source.name, source.connector});
    return list;
  }

  std::vector<Candidate> connectors() const {
    std::vector<Candidate> list;
    for (auto const& manifest : manifests()) list.push_back({manifest.name, manifest.title});
    return list;
  }

  std::vector<Candidate> receivers() const {
    std::vector<Candidate> list;
    for (auto const& name : outline_.receivers) list.push_back({name, {}});
    return list;
  }

  std::vector<Candidate> streams(std::string const& source) const {
    std::vector<Candidate> list;
    auto const known = manifests();
    for (auto const& one : outline_.sources) {
      if (!source.empty() && one.name != source) continue;
      auto const manifest = std::ranges::find(known, one.connector, &engine::Manifest::name);
      if (manifest == known.end()) continue;
      for (auto const& stream : manifest->streams) {
        bool const is_new = std::ranges::find(list, stream.name, &Candidate::text) == list.end();
        if (is_new) list.push_back({stream.name, stream.title});
      }
    }
    return list;
  }

 private:
  std::vector<engine::Manifest> manifests() const try {
    auto manifests = load_manifests(outline_.connectors_dir);
    take_flawed(manifests);  // a file of the user's own is being written
    return manifests;
  } catch (Failure const&) {
    return load_manifests({});
  }

  config::Outline outline_;
};

}  // namespace

Candidates complete_words(CommandInfo const& root, std::vector<std::string> words,
                          KnownNames const& names) {
  std::string last;
  if (!words.empty()) {
    last = std::move(words.back());
    words.pop_back();
  }
  TypedWords progress;
  progress.command = &root;
  for (auto const& word : words) take_word(progress, word);

  Candidates found;
  std::string before;  // of the last word, what is no part of the value: "--source="
  auto const equals = last.find('=');
  if (progress.awaits != nullptr) {
    if (last == "=") last.clear();
    add_values(found, progress, *progress.awaits, names);
  } else if (last.starts_with("--") && equals != std::string::npos) {
    auto const* option = find_option(*progress.command, last.substr(0, equals));
    if (option != nullptr) add_values(found, progress, *option, names);
    before = last.substr(0, equals + 1);
  } else if (last.starts_with("-") && !progress.only_arguments) {
    add_options(found, progress);
  } else {
    add_next(found, progress, names);
  }
  for (auto& candidate : found.list) candidate.text.insert(0, before);
  std::erase_if(found.list, [&](auto const& one) { return !one.text.starts_with(last); });
  return found;
}

bool is_completion(int argc, char** argv) {
  return argc > 1 && std::string_view(argv[1]) == "complete";
}

int run_complete(CommandInfo const& root, int argc, char** argv) {
  std::vector<std::string> words(argv + 2, argv + argc);
  if (words == std::vector<std::string>{"--reference"}) {
    std::cout << to_markdown(root) << std::flush;
    return 0;
  }
  if (!words.empty() && words.front() == "--") words.erase(words.begin());
  std::optional<Configured> configured;
  auto const known = [&]() -> Configured const& {
    if (!configured) configured.emplace(words);
    return *configured;
  };
  KnownNames names;
  names.sources = [&] { return known().sources(); };
  names.connectors = [&] { return known().connectors(); };
  names.receivers = [&] { return known().receivers(); };
  names.rules = [] {
    std::vector<Candidate> list;
    for (auto const& rule : alert_rules()) list.push_back({rule.name, rule.about});
    return list;
  };
  names.removable = [&] {
    std::vector<Candidate> list;
    for (auto const& source : removable_sources(config_option(words))) {
      auto const since = source.retired_on.empty() ? "" : ", not read since " + source.retired_on;
      list.push_back({source.name, source.connector + since});
    }
    return list;
  };
  names.streams = [&](std::string const& source) { return known().streams(source); };
  auto const found = complete_words(root, words, names);
  if (found.files) std::cout << ":files\n";
  if (found.folders) std::cout << ":folders\n";
  for (auto const& one : found.list) {
    std::cout << one.text << (one.help.empty() ? "" : "\t" + one.help) << "\n";
  }
  std::cout << std::flush;
  return 0;
}

}  // namespace affsync::cli
