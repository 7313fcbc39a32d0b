// Pages and the faults that alter them.
#include "tests/sandbox/list_page.hpp"

#include <algorithm>
#include <optional>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox {
namespace {

struct MemberPosition {
  std::size_t name, value, end;  // begin of the quoted name, begin and end of its value
};

// A dot leads into a nested object. Without a dot, only the object's own members are searched.
std::optional<MemberPosition> find_member(std::string_view row, std::string_view field) {
  if (auto const dot = field.find('.'); dot != std::string_view::npos) {
    auto const outer = find_member(row, field.substr(0, dot));
    if (!outer || row[outer->value] != '{') return std::nullopt;
    auto inner =
        find_member(row.substr(outer->value, outer->end - outer->value), field.substr(dot + 1));
    if (!inner) return std::nullopt;
    for (auto* place : {&inner->name, &inner->value, &inner->end}) *place += outer->value;
    return inner;
  }
  int depth = 0;
  bool in_string = false;
  MemberPosition place{1, 0, 0};
  for (std::size_t i = 0; i < row.size(); ++i) {
    char const c = row[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == ':' && depth == 1 && place.value == 0) place.value = i + 1;
    bool const at_end = depth == 1 && (c == ',' || c == '}');
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (!at_end) continue;
    place.end = i;
    auto const quoted = row.substr(place.name, place.value - 1 - place.name);
    if (quoted.size() == field.size() + 2 && quoted.substr(1, field.size()) == field) return place;
    place = {i + 1, 0, 0};
  }
  return std::nullopt;
}

void alter_row(std::string& row, Fault const& fault, Feed const& feed) {
  auto const& kind = fault.kind();
  auto const field = [&](std::string_view fallback) { return fault.text("field", fallback); };
  if (kind == "set_field") set_member(row, field(feed.amount_field()), fault.text("value", "null"));
  if (kind == "drop_field") drop_member(row, field(feed.key_field()));
  if (kind == "repeat_field") repeat_member(row, field(feed.key_field()));
  if (kind == "huge_number") set_member(row, field(feed.amount_field()), "1e999999");
  if (kind == "bad_number") set_member(row, field(feed.amount_field()), "\"n/a\"");
  if (kind == "nul") set_member(row, field(feed.text_field()), "\"before\\u0000after\"");
  if (kind == "invalid_utf8") set_member(row, field(feed.text_field()), "\"\xc3\x28 \xff\"");
}

bool alters_rows(std::string_view kind) {
  constexpr std::array kinds{"duplicate_row", "set_field",  "drop_field", "repeat_field",
                             "huge_number",   "bad_number", "nul",        "invalid_utf8"};
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

void alter_rows(std::vector<std::string>& rows, Feed const& feed, ActiveFaults const& faults,
                std::uint64_t noise) {
  for (auto const& fault : faults.all()) {
    if (!alters_rows(fault.kind()) || rows.empty()) continue;
    Noise choice(noise, 'B', fault.struck());
    auto const chosen = fault.number("row", choice.below(static_cast<std::uint32_t>(rows.size())));
    if (chosen < 0 || static_cast<std::size_t>(chosen) >= rows.size()) continue;
    auto const at = static_cast<std::size_t>(chosen);
    if (fault.kind() == "duplicate_row")
      rows.insert(rows.begin() + chosen, std::string(rows[at]));
    else
      alter_row(rows[at], fault, feed);
  }
}

}  // namespace

bool set_member(std::string& row, std::string_view field, std::string_view json) {
  auto const place = find_member(row, field);
  if (place) row.replace(place->value, place->end - place->value, json);
  return place.has_value();
}

bool drop_member(std::string& row, std::string_view field) {
  auto const place = find_member(row, field);
  if (!place) return false;
  bool const last = row[place->end] == '}';
  auto const begin = last && row[place->name - 1] == ',' ? place->name - 1 : place->name;
  row.erase(begin, place->end - begin + (last ? 0 : 1));
  return true;
}

bool repeat_member(std::string& row, std::string_view field) {
  auto const place = find_member(row, field);
  if (!place) return false;
  row.insert(place->end, ',' + row.substr(place->name, place->end - place->name));
  return true;
}

std::string altered_total(std::size_t count, ActiveFaults const& faults) {
  auto const* fault = faults.find("total");
  if (!fault) return std::to_string(count);
  auto const value = fault->text("value", "");
  if (value == "absent") return {};
  if (!value.empty()) return std::string(value);
  return std::to_string(static_cast<long>(count) + fault->number("delta", 1));
}

Rows write_rows(Feed const& feed, Selection const& selection, PageWindow window,
                ActiveFaults const& faults, std::uint64_t noise, std::string& out) {
  if (faults.find("ignore_offset")) window.offset = 0;
  if (auto const* cap = faults.find("cap"))
    window.limit = std::min(window.limit, static_cast<std::size_t>(cap->number("limit", 50)));
  bool const no_rows = faults.find("empty_page") != nullptr;
  Rows written;
  written.total = no_rows ? 0 : selection.size();
  written.begin = std::min(window.offset, written.total);
  written.end = std::min(written.total, written.begin + window.limit);
  written.count = written.end - written.begin;
  out.reserve(out.size() + 600 * written.count + 600);
  out += '[';
  bool const reversed = faults.find("reverse") != nullptr;
  bool const bent =
      reversed || std::any_of(faults.all().begin(), faults.all().end(),
                              [](Fault const& fault) { return alters_rows(fault.kind()); });
  if (bent) {
    std::vector<std::string> rows(written.count);
    for (std::size_t i = 0; i < rows.size(); ++i)
      feed.write_row(selection.at(feed, written.begin + i), rows[i]);
    alter_rows(rows, feed, faults, noise);
    if (reversed) std::reverse(rows.begin(), rows.end());
    written.count = rows.size();
    for (auto const& row : rows) out.append(row).append(",");
  } else {
    for (auto i = written.begin; i < written.end; ++i) {
      feed.write_row(selection.at(feed, i), out);
      out += ',';
    }
  }
  if (written.count > 0) out.pop_back();
  out += ']';
  return written;
}

void shift_rows(Feed& feed, Selection const& selection, PageWindow window,
                ActiveFaults const& faults, std::uint64_t noise) {
  auto const* fault = faults.find("shift");
  if (!fault || selection.size() == 0) return;
  auto const given = std::min(selection.size(), window.offset + window.limit);
  Noise choice(noise, 'S', feed.version());
  // Choose all rows before any of them moves: the selection may be a part of the feed itself.
  std::vector<Handle> chosen;
  for (auto left = fault->number("rows", 1); left > 0; --left) {
    chosen.push_back(selection.at(feed, choice.below(static_cast<std::uint32_t>(given))));
  }
  auto const mode = fault->text("mode", "both");
  bool const insert = mode == "insert" || (mode == "both" && fault->struck() % 2 == 0);
  for (auto const row : chosen) {
    if (!insert) {
      feed.remove(row);
    } else if (auto const made = feed.make_like(row)) {
      feed.insert(*made);
    } else {
      feed.restore(1);
    }
  }
}

}  // namespace affsync::sandbox
