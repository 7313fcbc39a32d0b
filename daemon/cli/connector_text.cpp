// Connectors as text and as YAML to paste.
#include <algorithm>
#include <utility>

#include "connectors/engine/plan/auth_choice.hpp"
#include "connectors/engine/request/auth.hpp"
#include "daemon/cli/connectors.hpp"
#include "daemon/cli/terminal/table.hpp"

namespace affsync::cli {

namespace {

std::string tables_of(engine::StreamSpec const& stream) {
  std::string text(stream.map.table == nullptr ? "" : stream.map.table->name);
  for (auto const& also : stream.also) {
    if (also.table != nullptr) text.append(text.empty() ? "" : ", ").append(also.table->name);
  }
  return text;
}

template <class Named>
std::string joined_names(std::vector<Named> const& items) {
  std::string text;
  for (auto const& item : items) text += (text.empty() ? "" : " ") + item.name;
  return text;
}

// "username password | api_key", without optional credentials.
std::string joined_sets(engine::Manifest const& manifest) {
  std::string text;
  for (auto const& set : engine::credential_sets(manifest)) {
    std::string names;
    for (auto const& name : set) names += (names.empty() ? "" : " ") + name;
    if (!text.empty()) text += " | ";
    text += names.empty() ? "none" : names;
  }
  return manifest.credentials.empty() ? std::string() : text;
}

// "Give username and password, or api_key."
std::string choice_of_sets(std::vector<std::vector<std::string>> const& sets) {
  std::string text = "Give ";
  for (auto const& set : sets) {
    if (&set != &sets.front()) text += ", or ";
    if (set.empty()) text += "none";
    for (auto const& name : set) text += (&name == &set.front() ? "" : " and ") + name;
  }
  return text + ".";
}

bool is_in(std::vector<std::string> const& names, std::string const& name) {
  return std::ranges::find(names, name) != names.end();
}

std::string heading(std::string_view text, Terminal const& terminal) {
  return "\n" + styled(text, Style::bold, terminal) + "\n";
}

// Appends a name and its explanation; the explanations are aligned.
void append_item(std::string& out, std::string const& name, std::size_t name_width,
                 std::string const& text, Terminal const& terminal) {
  std::string const indent(name_width + 4, ' ');
  auto lines = wrap_text(text, indent, terminal.columns);
  lines.replace(2, name.size(), name);
  out += lines;
}

template <class Named>
std::size_t longest_name(std::vector<Named> const& items) {
  std::size_t width = 0;
  for (auto const& item : items) width = std::max(width, item.name.size());
  return width;
}

Cell evidence_cell(engine::StreamSpec const& stream) {
  if (!stream.evidence) return Cell("not said", Style::dim);
  switch (stream.evidence->by) {
    case engine::Evidence::vendor:
      return Cell("vendor", Style::good);
    case engine::Evidence::third_party:
      return "third party";
    case engine::Evidence::none:
      break;
  }
  return Cell("none", Style::warning);
}

// Explains the evidence of each stream, and what to do for streams without evidence.
std::string evidence_notes(engine::Manifest const& manifest, Terminal const& terminal) {
  std::string out;
  for (auto const& stream : manifest.streams) {
    if (!stream.evidence || stream.evidence->note.empty()) continue;
    out += wrap_text(stream.name + ": " + stream.evidence->note, "  ", terminal.columns);
  }
  if (!out.empty()) out = heading("Evidence of what the rows look like", terminal) + out;
  bool const unproven = std::ranges::any_of(manifest.streams, [](auto const& stream) {
    return stream.evidence && stream.evidence->by == engine::Evidence::none;
  });
  if (!unproven) return out;
  return out + wrap_text(
                   "For streams with the evidence `none`, check the rows with `affsync inspect "
                   "SOURCE STREAM` before you rely on the figures.",
                   "  ", terminal.columns);
}

std::string posts(engine::Manifest const& manifest, Terminal const& terminal) {
  std::string out;
  for (auto const& post : post_requests(manifest)) {
    out += wrap_text("POST " + post.path + ": " + post.purpose, "  ", terminal.columns);
  }
  return out.empty() ? out : heading("Sent with POST, all others with GET", terminal) + out;
}

// Returns a remark such as "(optional)", unless the description contains the word.
std::string remark(std::string const& description, std::string_view word) {
  if (description.find(word) != std::string::npos) return {};
  return " (" + std::string(word) + ")";
}

// Returns the description as a YAML comment on one line.
std::string comment_of(std::string description) {
  std::replace_if(
      description.begin(), description.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  description.erase(description.find_last_not_of(' ') + 1);
  return description.empty() ? std::string() : "  # " + description;
}

}  // namespace

std::string credential_variable(std::string const& connector, std::string const& credential) {
  std::string name = connector + "_" + credential;
  for (char& c : name) {
    bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool const digit = c >= '0' && c <= '9';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!letter && !digit) c = '_';
  }
  return name;
}

std::string connector_list(std::vector<engine::Manifest> const& manifests,
                           log::Terminal const& terminal) {
  TextTable table({{"connector", Align::left, 9},
                   {"title", Align::left, 6, 10},
                   {"credentials", Align::left, 4, 11, true},
                   {"streams", Align::left, 5, 20}});
  for (auto const& manifest : manifests) {
    table.add_row({Cell(manifest.name, Style::bold), manifest.title, joined_sets(manifest),
                   joined_names(manifest.streams)});
  }
  return table.render(terminal) +
         "\n`affsync connectors NAME` shows what a connector needs and a configuration to paste.\n";
}

std::string connector_details(engine::Manifest const& manifest, log::Terminal const& terminal) {
  std::string out = styled(manifest.name, Style::bold, terminal) + "  " + manifest.title + "\n";
  out += "  base URL       " +
         (manifest.base_url.empty() ? "none: each source gives its own `base_url`"
                                    : manifest.base_url) +
         "\n";
  for (auto const& url : login_urls(manifest)) out += "  login          " + url + "\n";
  if (!manifest.documentation.empty()) out += "  documentation  " + manifest.documentation + "\n";

  if (!manifest.credentials.empty()) {
    out += heading("Credentials", terminal);
    for (auto const& credential : manifest.credentials) {
      append_item(out, credential.name, longest_name(manifest.credentials),
                  credential.description + (credential.secret ? " (secret)" : "") +
                      (credential.optional ? remark(credential.description, "optional") : ""),
                  terminal);
    }
    auto const sets = engine::credential_sets(manifest);
    if (sets.size() > 1) out += wrap_text(choice_of_sets(sets), "  ", terminal.columns);
  }
  if (!manifest.settings.empty()) {
    out += heading("Settings", terminal);
    for (auto const& setting : manifest.settings) {
      std::string text = setting.description;
      text += setting.required ? " (required)" : " (default: " + setting.default_value + ")";
      append_item(out, setting.name, longest_name(manifest.settings), text, terminal);
    }
  }

  out += heading("Streams", terminal);
  TextTable table({{"stream", Align::left, 9},
                   {"title", Align::left, 3, 8, true},
                   {"table", Align::left, 7},
                   {"default", Align::left, 6},
                   {"every", Align::left, 6},
                   {"full pass", Align::left, 4, 0, true},
                   {"first day", Align::left, 2, 0, true},
                   {"evidence", Align::left, 5}});
  for (auto const& stream : manifest.streams) {
    bool const has_start = stream.window && !stream.window->changes;
    bool const pathless = stream.request.path.empty();
    Cell const state(pathless         ? "needs a path"
                     : stream.enabled ? "on"
                                      : "off",
                     pathless         ? Style::warning
                     : stream.enabled ? Style::good
                                      : Style::dim);
    table.add_row({stream.name, stream.title, tables_of(stream), state, stream.every,
                   stream.full_every, has_start ? first_day_text(*stream.window) : "",
                   evidence_cell(stream)});
  }
  out += table.render(terminal);
  out += evidence_notes(manifest, terminal);
  out += posts(manifest, terminal);
  for (auto const& stream : manifest.streams) {
    if (stream.path_hint.empty() || !stream.request.path.empty()) continue;
    out += "\n" + wrap_text(stream.name + ": " + stream.path_hint, "", terminal.columns);
  }
  return out + heading("Configuration to paste", terminal) + example_source(manifest);
}

std::vector<std::string> login_urls(engine::Manifest const& manifest) {
  std::vector<std::string> all;
  for (auto const& option : manifest.auth) {
    auto const& url = engine::login_url_of(option.auth);
    if (!url.empty() && !is_in(all, url)) all.push_back(url);
  }
  return all;
}

std::vector<PostRequest> post_requests(engine::Manifest const& manifest) {
  std::vector<PostRequest> all;
  for (auto const& option : manifest.auth) {
    auto const* const login = std::get_if<engine::LoginTokenAuth>(&option.auth);
    if (login == nullptr) continue;
    auto const& url = login->url;
    if (login->login.method == Method::post) all.push_back({url + login->login.path, "login"});
    if (login->refresh) {
      all.push_back({url + login->refresh->request.path, "renews the login's token"});
    }
  }
  for (auto const& stream : manifest.streams) {
    if (stream.request.method != Method::post) continue;
    auto const path = stream.request.path.empty() ? "(path of yours)" : stream.request.path;
    all.push_back({path, "reads " + stream.name});
  }
  return all;
}

std::string first_day_text(engine::WindowSpec const& window) {
  if (window.start == Day() && !window.start_days) return "";  // of files: whatever theirs is
  if (!window.start_days) return format_day(window.start);
  return "-" + std::to_string(*window.start_days) + "d";
}

std::string example_source(engine::Manifest const& manifest) {
  std::string out =
      "sources:\n  - name: " + manifest.name + "-main\n    connector: " + manifest.name + "\n";
  if (manifest.base_url.empty()) {
    out +=
        "    base_url: \"https://the-brokers-own-host.example\"  # scheme and host of your "
        "broker\n";
  } else if (manifest.base_url == "file:///") {
    out += "    base_url: file:///var/lib/affsync/inbox/" + manifest.name +
           "  # the folder that its files are put into\n";
  }
  if (!manifest.credentials.empty()) out += "    credentials:\n";
  auto const sets = engine::credential_sets(manifest);
  for (auto const& credential : manifest.credentials) {
    // If there are several ways to log in, the first is active and the others are comments.
    bool const is_first = is_in(sets.front(), credential.name);
    // Values come from the environment, so that the example works without edits. They are quoted,
    // so that any character of a value is taken literally.
    auto const value = "\"${" + credential_variable(manifest.name, credential.name) + "}\"";
    out += is_first ? "      " : "      # ";
    out += credential.name + ": " + value + comment_of(credential.description);
    if (!is_first) {
      out += remark(credential.description, credential.optional ? "optional" : "instead");
    }
    out += "\n";
  }
  // Leave out settings with a default; they are listed above.
  bool first = true;
  for (auto const& setting : manifest.settings) {
    if (!setting.required) continue;
    if (std::exchange(first, false)) out += "    settings:\n";
    out += "      " + setting.name + ": \"your " + setting.name + "\"" +
           comment_of(setting.description) + "\n";
  }
  return out;
}

}  // namespace affsync::cli
