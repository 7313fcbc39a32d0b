// Parses queries and cursors.
#include "tests/sandbox/iexexchanger_v3/listing.hpp"

#include <algorithm>

#include "tests/sandbox/iexexchanger/php_json.hpp"
#include "tests/sandbox/tokens.hpp"

namespace affsync::sandbox::iexexchanger_v3 {
namespace {

constexpr std::string_view cursor_head = "next:";

std::string cursor_text(std::uint64_t ordinal) {
  return base64url(std::string(cursor_head) + std::to_string(ordinal));
}

// The ordinal in a cursor; nullopt if the text is not a cursor.
std::optional<std::uint64_t> read_cursor(std::string_view cursor) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned bits = 0;
  int held = 0;
  for (char const c : cursor) {
    auto const value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<unsigned>(value);
    held += 6;
    if (held >= 8) text += static_cast<char>(bits >> (held -= 8) & 255);
  }
  if (!text.starts_with(cursor_head)) return std::nullopt;
  return whole_number(std::string_view(text).substr(cursor_head.size()));
}

// A decimal in units of 1e-8; nullopt if the text is not a decimal.
std::optional<Fixed> read_amount(std::string_view text) {
  bool const plain = !text.empty() && text.find_first_not_of("0123456789.") == text.npos;
  auto const point = std::min(text.find('.'), text.size());
  auto const whole = whole_number(text.substr(0, point));
  if (!plain || !whole) return std::nullopt;
  std::string places(text.substr(std::min(text.size(), point + 1)));
  places.resize(8, '0');
  auto const fraction = whole_number(places);
  if (!fraction) return std::nullopt;
  return static_cast<Fixed>(*whole) * fixed_one + static_cast<Fixed>(*fraction);
}

std::optional<std::size_t> filter_index(Feed const& feed, std::string_view parameter) {
  auto const filters = feed.set_filters();
  auto const found = std::find_if(filters.begin(), filters.end(),
                                  [&](SetFilter const& one) { return one.parameter == parameter; });
  if (found == filters.end()) return std::nullopt;
  return static_cast<std::size_t>(found - filters.begin());
}

// Applies one filter of the query to the selection.
void apply(TimedFeed const& feed, std::string_view amount, std::string const& name,
           std::string const& value, Selection& selection, Problems& problems) {
  auto const seconds = [&](Handle row) {
    return std::chrono::floor<std::chrono::seconds>(feed.created(row));
  };
  bool const from = name == "filter[created_from]";
  if (from || name == "filter[created_to]") {
    auto const bound = parse_instant(value);
    if (!bound) {
      problems[name].emplace_back("The field must be a valid date.");
      return;
    }
    selection.keep_if(
        feed, [&](Handle row) { return from ? seconds(row) >= *bound : seconds(row) <= *bound; });
    return;
  }
  bool const least = name == "filter[" + std::string(amount) + "_min]";
  if (!amount.empty() && (least || name == "filter[" + std::string(amount) + "_max]")) {
    auto const bound = read_amount(value);
    if (!bound) {
      problems[name].emplace_back("The field must be a number.");
      return;
    }
    selection.keep_if(feed, [&](Handle row) {
      auto const have = feed.measure(row).values[0];
      return least ? have >= *bound : have <= *bound;
    });
    return;
  }
  auto const index = filter_index(feed, name);
  if (!index) {
    problems[name].emplace_back("The filter is not supported.");
    return;
  }
  if (feed.set_filters()[*index].form == ValueForm::digits && !whole_number(value)) {
    problems[name].emplace_back("The field must be an integer.");
    return;
  }
  bool const known = value == "pending" || value == "paid" || value == "rejected";
  if (feed.name() == "payouts" && name == "filter[status]" && !known) {
    problems[name].emplace_back("The selected value is invalid.");
    return;
  }
  selection.keep_if(feed, [&](Handle row) { return feed.filter_value(row, *index) == value; });
}

}  // namespace

Paging read_paging(Query const& query, Problems& problems) {
  Paging out;
  auto const number = [&](std::string const& name, std::size_t fallback, std::size_t most) {
    auto const text = query.find(name);
    if (!text) return fallback;
    auto const value = whole_number(*text);
    if (value && *value >= 1 && *value <= most) return *value;
    problems[name].push_back("The field must be between 1 and " + std::to_string(most) + ".");
    return fallback;
  };
  out.page = number("page", 1, 1'000'000'000);
  out.per_page = number("per_page", 25, 100);
  auto const mode = query.find("pagination").value_or("page");
  if (mode != "page" && mode != "cursor")
    problems["pagination"].emplace_back("The selected value is invalid.");
  out.by_cursor = mode == "cursor";
  out.cursor = query.find("cursor").value_or("");
  if (out.by_cursor && !out.cursor.empty()) {
    out.after = read_cursor(out.cursor);
    if (!out.after) problems["cursor"].emplace_back("The cursor is invalid.");
  }
  auto const sort = query.find("sort").value_or("-id");
  if (sort != "id" && sort != "-id" && sort != "created_at" && sort != "-created_at")
    problems["sort"].emplace_back("The selected value is invalid.");
  out.newest_first = sort.starts_with('-');
  return out;
}

std::shared_ptr<Selection const> filtered(TimedFeed const& feed, std::string_view amount,
                                          Query const& query, bool newest_first,
                                          SelectionCache& cache, Problems& problems) {
  std::string text = newest_first ? "-" : "+";
  for (auto const& [name, value] : query.fields())
    if (name.starts_with("filter")) text.append(name).append("=").append(value).append("&");
  if (auto cached = cache.find(feed, text)) return cached;
  Selection selection(feed);
  for (auto const& [name, value] : query.fields())
    if (name.starts_with("filter")) apply(feed, amount, name, value, selection, problems);
  if (!problems.empty()) return nullptr;
  if (newest_first) selection.reverse();
  return cache.keep(feed, std::move(text), std::move(selection));
}

PageWindow window_of(TimedFeed const& feed, Selection const& selection, Paging const& paging) {
  if (!paging.by_cursor) return {(paging.page - 1) * paging.per_page, paging.per_page};
  if (!paging.after) return {0, paging.per_page};
  // The first row after the row that the cursor names, at its current position.
  std::size_t low = 0, high = selection.size();
  while (low < high) {
    auto const middle = low + (high - low) / 2;
    auto const ordinal = feed.ordinal(selection.at(feed, middle));
    if (paging.newest_first ? ordinal >= *paging.after : ordinal <= *paging.after)
      low = middle + 1;
    else
      high = middle;
  }
  return {low, paging.per_page};
}

std::string pagination(TimedFeed const& feed, Selection const& selection, Paging const& paging,
                       Rows const& rows, ActiveFaults const& faults) {
  bool const has_more = rows.end < rows.total;
  auto const number = [&](std::size_t value, bool there) {
    return there ? std::to_string(value) : std::string("null");
  };
  bool const by_page = !paging.by_cursor;
  bool const any = rows.end > rows.begin;
  std::string out;
  ObjectWriter json(out);
  json.plain("mode", by_page ? "page" : "cursor");
  json.raw("current_page", number(paging.page, by_page));
  json.number("per_page", static_cast<std::int64_t>(paging.per_page));
  auto const total = by_page ? altered_total(rows.total, faults) : "null";
  if (!total.empty()) json.raw("total", total);
  auto const pages = (rows.total + paging.per_page - 1) / paging.per_page;
  json.raw("last_page", number(std::max<std::size_t>(1, pages), by_page));
  json.raw("from", number(rows.begin + 1, by_page && any));
  json.raw("to", number(rows.end, by_page && any));
  if (paging.by_cursor && !paging.cursor.empty())
    json.text("cursor", paging.cursor);
  else
    json.null("cursor");
  if (paging.by_cursor && has_more && any)
    json.plain("next_cursor", cursor_text(feed.ordinal(selection.at(feed, rows.end - 1))));
  else
    json.null("next_cursor");
  json.boolean("has_more", has_more);
  json.close();
  return out;
}

std::string details(Problems const& problems) {
  std::string out = "{";
  for (auto const& [name, texts] : problems) {
    if (out.size() > 1) out += ',';
    out += iexexchanger::php_string(name) + ":[";
    for (auto const& text : texts)
      out.append(out.back() == '[' ? "" : ",").append(iexexchanger::php_string(text));
    out += ']';
  }
  return out + "}";
}

}  // namespace affsync::sandbox::iexexchanger_v3
