#include "connectors/engine/answer/plain_words.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "connectors/engine/answer/link_header.hpp"
#include "connectors/engine/answer/page_hints.hpp"
#include "connectors/engine/answer/text.hpp"
#include "connectors/engine/values/is_present.hpp"
#include "connectors/engine/values/words.hpp"

namespace affsync::engine {
namespace {

template <class Words>
bool is_word(std::string_view text, Words const& words) {
  return std::ranges::any_of(words,
                             [&](std::string_view word) { return equal_without_case(word, text); });
}

// An object around the list, and the path to it.
struct Envelope {
  std::string path;
  Json const* value = nullptr;
};

std::string inside(std::string const& path, std::string_view name) {
  return (path.empty() ? "" : path + ".") + path_step(std::string(name));
}

void add_envelope(std::string path, Json const* value, std::vector<Envelope>& out) {
  if (value == nullptr || !value->is_object()) return;
  if (std::ranges::find(out, value, &Envelope::value) != out.end()) return;
  out.push_back({std::move(path), value});
}

// Returns the answer and what lies between it and its list, without the list.
std::vector<Envelope> envelopes_of(StreamSpec const& stream, Json const& body) {
  std::vector<Envelope> out;
  add_envelope("", &body, out);
  if (stream.document.format == DocumentFormat::xml) add_envelope("root", body.find("root"), out);
  for (auto const& path : stream.records) {
    std::string around;
    auto const& steps = path.steps();
    for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
      around = inside(around, steps[i]);
      add_envelope(around, JsonPath(around).in(body), out);
    }
  }
  return out;
}

bool is_all_zeros(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0.") == std::string_view::npos;
}

// Many send the members of an error with each answer: `"error": {"code": 0, "message": ""}`.
bool says_anything(Json const& value) {
  constexpr std::string_view none[] = {"false", "null", "none", "no", "ok", "success", "no error"};
  if (value.is_array()) return std::ranges::any_of(value.items(), says_anything);
  if (value.is_object()) {
    return std::ranges::any_of(value.members(),
                               [](auto const& member) { return says_anything(member.value); });
  }
  auto const scalar = value.scalar_text();
  auto const text = scalar ? trim_blanks(*scalar) : std::string_view{};
  return is_present(&value, {}) && !is_all_zeros(text) && !is_word(text, none);
}

bool is_error(JsonMember const& member) {
  constexpr std::string_view bad[] = {"error",     "errors",       "err",
                                      "exception", "errorCode",    "error_code",
                                      "error_msg", "errorMessage", "error_message"};
  constexpr std::string_view good[] = {"success", "ok", "succeeded"};
  constexpr std::string_view no[] = {"0", "false", "no", "n"};
  constexpr std::string_view failed[] = {"error", "fail", "failed", "failure", "ko", "nok"};
  std::string_view name = member.name;
  if (name.starts_with('@')) name.remove_prefix(1);  // an attribute of an XML element
  if (is_word(name, bad)) return says_anything(member.value);
  auto const scalar = member.value.scalar_text();
  auto const text = scalar ? trim_blanks(*scalar) : std::string_view{};
  if (is_word(name, good)) return is_word(text, no);
  return equal_without_case(name, "status") && is_word(text, failed);
}

// Returns the member with what it says, or else what the answer says in words.
std::string quoted(std::string const& path, Json const& value, Json const& around) {
  auto const scalar = value.scalar_text();
  auto said = scalar ? one_line(*scalar, 200) : error_text(value);
  auto const words = error_text(around);
  bool const is_word_alone = scalar && !value.is_string();
  if (said.empty() || (is_word_alone && !words.empty())) {
    if (is_word_alone) said += ": ";
    said += words;
  }
  return "`" + path + "`" + (said.empty() ? "" : ": " + said);
}

// Returns the name in lower case, without what words are joined with.
std::string plain_name(std::string_view name) {
  std::string out;
  for (char const c : name) {
    if (c != '_' && c != '-' && c != '@') out += c;
  }
  return to_lower(out);
}

// Returns the envelopes with the objects about pages that are in them, such as `meta.pagination`.
std::vector<Envelope> page_words(StreamSpec const& stream, Json const& body, Json const* rows) {
  constexpr std::string_view about_pages[] = {
      "meta",  "metadata", "paging", "pagination", "paginator", "pageinfo",         "page",
      "pages", "links",    "link",   "cursor",     "cursors",   "responsemetadata", "resultinfo"};
  auto out = envelopes_of(stream, body);
  std::erase_if(out, [&](Envelope const& envelope) { return envelope.value == rows; });
  constexpr int depth = 2;
  std::size_t begin = 0;
  for (int level = 0; level < depth; ++level) {
    auto const end = out.size();
    for (; begin < end; ++begin) {
      auto const envelope = out[begin];
      for (auto const& member : envelope.value->members()) {
        if (&member.value == rows || !is_word(plain_name(member.name), about_pages)) continue;
        add_envelope(inside(envelope.path, member.name), &member.value, out);
      }
    }
  }
  return out;
}

bool says_that_more_follow(JsonMember const& member) {
  constexpr std::string_view names[] = {
      "more",        "hasmore",     "hasmorepages",   "hasmoreitems", "hasmoreresults",
      "hasmorerows", "hasmoredata", "hasmorerecords", "hasnext",      "hasnextpage"};
  auto const text = member.value.scalar_text();
  bool const is_true = text && equal_without_case(trim_blanks(*text), "true");
  return is_true && is_word(plain_name(member.name), names);
}

// Returns what an author has to do who wants the rest of the list.
std::string way_on(PageSpec const& page) {
  bool const by_token = std::holds_alternative<CursorPaging>(page.kind) ||
                        std::holds_alternative<LinkPaging>(page.kind);
  if (by_token) return "compare `next` of `page`, which found no next page, with the answer";
  if (std::holds_alternative<OffsetPaging>(page.kind)) return "compare `page` with the answer";
  if (!page.is_single_answer()) return "name it as `more` of `page`";
  return "declare under `page` how the next page is asked for";
}

bool is_same_page(std::string const& link, std::string const& base_url, std::string const& asked) {
  auto const target = target_of_link(link, base_url, asked);
  return target && *target == asked;
}

}  // namespace

std::string unread_more(StreamSpec const& stream, Json const& body, Json const* rows,
                        Headers const& headers, std::string const& base_url,
                        std::string const& asked_target) {
  auto const& page = stream.page;
  if (page.ignores_more) return {};
  std::string what;
  for (auto const& envelope : page_words(stream, body, rows)) {
    for (auto const& member : envelope.value->members()) {
      if (!what.empty() || !says_that_more_follow(member)) continue;
      what = "`" + inside(envelope.path, member.name) + "` is true";
    }
  }
  if (what.empty() && !equal_without_case(page.headers.next, "Link")) {
    auto const link = related_link(headers, "next");
    if (!link.empty() && !is_same_page(link, base_url, asked_target)) {
      what = "its header `Link` names a next page";
    }
  }
  if (what.empty()) return {};
  return "the last answer says that more rows follow (" + what +
         "), but the connector reads no way to them: " + way_on(page) +
         ", or set `more: false` of `page` if the list is whole";
}

std::string unread_more_inside(StreamSpec const& stream, std::vector<Json const*> const& elements) {
  if (stream.page.ignores_more || stream.each.empty()) return {};
  auto const& steps = stream.each.front().from.steps();
  std::string path;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    path = inside(path, steps[i]);
    JsonPath const around(path);
    for (auto const* element : elements) {
      auto const* value = around.in(*element);
      if (value == nullptr || !value->is_object()) continue;
      auto const more = std::ranges::find_if(value->members(), says_that_more_follow);
      if (more == value->members().end()) continue;
      return "a list inside of a row goes on (`" + inside(path, more->name) +
             "` is true), and its rest is not read: read these lists by a stream of their own, "
             "with "
             "`for_each`, or set `more: false` of `page` if they are whole";
    }
  }
  return {};
}

std::string greater_count(StreamSpec const& stream, Json const& body, std::size_t rows) {
  constexpr std::string_view of_rows[] = {
      "total",        "totalcount",    "totalrows", "totalrecords", "totalitems",
      "totalresults", "totalelements", "totalhits", "recordstotal", "count"};
  constexpr std::string_view of_pages[] = {"totalpages", "pagecount", "lastpage"};
  auto const& page = stream.page;
  if (!page.is_single_answer() || page.ignores_more || page.has_total()) return {};
  for (auto const& envelope : page_words(stream, body, nullptr)) {
    for (auto const& member : envelope.value->members()) {
      auto const name = plain_name(member.name);
      bool const counts_pages = is_word(name, of_pages);
      if (!counts_pages && !is_word(name, of_rows)) continue;
      auto const path = inside(envelope.path, member.name);
      bool const is_read = std::ranges::any_of(stream.reconcile, [&](ReconcileSpec const& check) {
        return check.broker_value.text() == path;
      });
      auto const count = read_count(JsonPath(path), body);
      auto const shown = counts_pages ? 1 : static_cast<std::int64_t>(rows);
      if (is_read || !count || *count <= shown) continue;
      return "`" + path + "` is " + std::to_string(*count);
    }
  }
  return {};
}

std::optional<std::string> reported_error(StreamSpec const& stream, Json const& body) {
  auto const is_judged = [&](std::string const& path) {
    return std::ranges::any_of(stream.judged, [&](JsonPath const& judged) {
      return judged.text() == path || judged.text().starts_with(path + ".");
    });
  };
  for (auto const& envelope : envelopes_of(stream, body)) {
    for (auto const& member : envelope.value->members()) {
      if (!is_error(member)) continue;
      auto const path = inside(envelope.path, member.name);
      if (!is_judged(path)) return quoted(path, member.value, *envelope.value);
    }
  }
  return std::nullopt;
}

std::optional<std::string> reported_by_graphql(StreamSpec const& stream, Json const& body) {
  if (!stream.request.body || !stream.request.body->is_graphql) return std::nullopt;
  auto const* errors = body.find("errors");
  if (!is_present(errors, {})) return std::nullopt;
  return quoted("errors", *errors, body);
}

}  // namespace affsync::engine
