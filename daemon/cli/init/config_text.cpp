#include "daemon/cli/init/config_text.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace affsync::cli {
namespace {

std::string as_comment(std::string text) {
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  text.erase(text.find_last_not_of(' ') + 1);
  return text.empty() ? text : "  # " + text;
}

CredentialAnswer const* answer_of(SourceAnswers const& source, std::string const& credential) {
  for (auto const& one : source.credentials) {
    if (one.name == credential) return &one;
  }
  return nullptr;
}

void append_credentials(std::string& out, std::string const& indent, SourceAnswers const& source,
                        WrittenSecrets const& secrets) {
  if (source.manifest.credentials.empty()) return;
  out += indent + (source.credentials.empty() ? "# credentials:\n" : "credentials:\n");
  for (auto const& spec : source.manifest.credentials) {
    auto const* const answer = answer_of(source, spec.name);
    if (answer == nullptr) {
      out += indent + "  # " + spec.name + ": {file: /path/of/a/file}" +
             as_comment(spec.description + (spec.optional ? " (optional)" : " (not used)")) + "\n";
      continue;
    }
    auto const written = secrets.credentials.find(spec.name);
    out += indent + "  " + spec.name + ": " +
           (written == secrets.credentials.end() ? yaml_text(answer->value.reveal())
                                                 : written->second) +
           as_comment(spec.description) + "\n";
  }
}

void append_settings(std::string& out, std::string const& indent, SourceAnswers const& source) {
  if (source.manifest.settings.empty()) return;
  out += indent + (source.settings.empty() ? "# settings:\n" : "settings:\n");
  for (auto const& spec : source.manifest.settings) {
    auto const found = source.settings.find(spec.name);
    bool const given = found != source.settings.end();
    out += indent + (given ? "  " : "  # ") + spec.name + ": " +
           yaml_text(given ? found->second : spec.default_value) + as_comment(spec.description) +
           "\n";
  }
}

std::string names_of(std::vector<engine::StreamSpec> const& streams, bool on) {
  std::string names;
  for (auto const& stream : streams) {
    bool const is_on = stream.enabled && !stream.request.path.empty();
    if (is_on == on) names += (names.empty() ? "" : ", ") + stream.name;
  }
  return names;
}

void append_streams(std::string& out, std::string const& indent, SourceAnswers const& source) {
  auto const& streams = source.manifest.streams;
  out += indent + "# These streams are read: " + names_of(streams, true) + ".\n";
  if (names_of(streams, false).empty()) return;
  out += indent + "# These are not; remove the # of `streams:` and of a line to read one:\n" +
         indent + "# streams:\n";
  for (auto const& stream : streams) {
    if (stream.request.path.empty()) {
      out += indent + "#   " + stream.name + ": {enabled: true, path: /its/path}" +
             as_comment(stream.path_hint.empty() ? stream.title : stream.path_hint) + "\n";
    } else if (!stream.enabled) {
      out += indent + "#   " + stream.name + ": {enabled: true}" + as_comment(stream.title) + "\n";
    }
  }
}

// `indent`: of the list's hyphen.
std::string source_text(std::string const& indent, SourceAnswers const& source,
                        WrittenSecrets const& secrets) {
  std::string const inner = indent + "  ";
  std::string out = indent + "- name: " + yaml_text(source.name) + "\n";
  out += inner + "connector: " + source.manifest.name + as_comment(source.manifest.title) + "\n";
  if (!source.base_url.empty()) out += inner + "base_url: " + yaml_text(source.base_url) + "\n";
  append_credentials(out, inner, source, secrets);
  append_settings(out, inner, source);
  append_streams(out, inner, source);
  return out;
}

std::string database_text(DatabaseAnswer const& database, WrittenSecrets const& secrets) {
  std::string out = "database:\n";
  if (database.url.reveal() != "embedded") {
    return out + "  # " + database.description + "\n  url: " +
           (secrets.database_url.empty() ? yaml_text(database.url.reveal())
                                         : secrets.database_url) +
           "\n";
  }
  return out +
         "  # A PostgreSQL of affsync's own, which starts and ends with it. For a server of "
         "yours:\n"
         "  # url: postgresql:///affsync\n"
         "  url: embedded\n"
         "  state_dir: " +
         yaml_text(database.state_dir) + "  # its data; back it up\n";
}

bool begins_section(std::string const& line) {
  return !line.empty() && std::string(" \t#-\r\n").find(line.front()) == std::string::npos;
}

// Each with its own end.
std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    auto const end = text.find('\n', from);
    auto const next = end == std::string::npos ? text.size() : end + 1;
    lines.push_back(text.substr(from, next - from));
    from = next;
  }
  return lines;
}

std::string without_line_end(std::string line) {
  while (!line.empty() && std::string(" \r\n").find(line.back()) != std::string::npos) {
    line.pop_back();
  }
  return line;
}

// Appends lines that end as those of the file do, on a line of their own.
void append_lines(std::string& out, std::string const& lines, std::string const& line_end) {
  if (!out.empty() && out.back() != '\n') out += line_end;
  for (char const c : lines) out += c == '\n' ? line_end : std::string(1, c);
}

}  // namespace

std::string yaml_text(std::string const& text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const byte = static_cast<unsigned char>(text[i]);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[i];
    } else if (byte < 0x20 || byte == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", byte);
      out += escape;
    } else if (byte == '$' && i + 1 < text.size() && text[i + 1] == '{') {
      out += "$$";
    } else {
      out += text[i];
    }
  }
  return out + "\"";
}

std::string new_config_text(SourceAnswers const& source, DatabaseAnswer const& database,
                            WrittenSecrets const& secrets, std::string const& today) {
  return "# Configuration of affsync, written by `affsync init` on " + today +
         ".\n"
         "#\n"
         "#     affsync check        # tries everything, stores no data\n"
         "#     affsync sync         # reads everything once\n"
         "#     affsync run          # the daemon: keeps it up to date\n"
         "#     affsync init --add   # one more broker\n"
         "#\n"
         "# Unknown keys are errors. ${NAME} in a value is replaced by the environment variable.\n"
         "# The manual page affsync.yaml(5) and config/affsync.example.yaml describe all "
         "settings.\n"
         "\n" +
         database_text(database, secrets) +
         "\n"
         "# http:\n"
         "#   listen: 127.0.0.1:9464   # page, health and metrics of `affsync run`; off: none\n"
         "\n"
         "sources:\n" +
         source_text("  ", source, secrets);
}

std::optional<std::string> with_source(std::string const& text, SourceAnswers const& source,
                                       DatabaseAnswer const& database,
                                       WrittenSecrets const& secrets) {
  auto lines = lines_of(text);
  std::string const line_end = !lines.empty() && lines[0].ends_with("\r\n") ? "\r\n" : "\n";
  auto const is_sources = [](std::string const& line) { return line.rfind("sources:", 0) == 0; };
  auto const section = std::find_if(lines.begin(), lines.end(), is_sources);
  std::string indent = "  ";
  auto end = lines.end();
  if (section != lines.end()) {
    std::size_t const key = std::string("sources:").size();
    auto const written = without_line_end(section->substr(key, section->find(" #") - key));
    if (written == " []" || written == " ~" || written == " null") {
      section->erase(key, written.size());
    } else if (!written.empty()) {
      return std::nullopt;  // in one line, or an alias
    }
    end = std::find_if(section + 1, lines.end(), begins_section);
    for (auto line = section + 1; line != end; ++line) {
      auto const from = line->find_first_not_of(' ');
      if (without_line_end(*line).empty() || (*line)[from] == '#') continue;
      if ((*line)[from] != '-') return std::nullopt;
      indent = line->substr(0, from);
      break;
    }
    // Comments and blank lines before the next section belong to it.
    while (end != section + 1 && end != lines.end()) {
      auto const& before = *(end - 1);
      if (!without_line_end(before).empty() && before.front() != '#') break;
      --end;
    }
  }
  std::string out;
  for (auto line = lines.begin(); line != end; ++line) out += *line;
  if (section == lines.end()) append_lines(out, "\nsources:\n", line_end);
  append_lines(out, source_text(indent, source, secrets), line_end);
  for (auto line = end; line != lines.end(); ++line) out += *line;
  if (database.given) append_lines(out, "\n" + database_text(database, secrets), line_end);
  return out;
}

}  // namespace affsync::cli
