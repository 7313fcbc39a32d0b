#include "connectors/proof/broker.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "base/text.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/request/auth.hpp"
#include "connectors/engine/request/signature.hpp"
#include "connectors/proof/admission.hpp"
#include "connectors/proof/query.hpp"
#include "connectors/proof/window_days.hpp"

namespace affsync::proof {
namespace {

// The parameter of the links that this broker makes.
constexpr std::string_view link_parameter = "proof_position";

std::string http_date(TimePoint time) {
  constexpr char const* weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr char const* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto const day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day const date(day);
  std::chrono::hh_mm_ss const clock(std::chrono::floor<std::chrono::seconds>(time - day));
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
                weekdays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

HttpResponse json_answer(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

std::optional<std::int64_t> number(std::optional<std::string> const& text) {
  if (!text) return std::nullopt;
  std::int64_t count = 0;
  auto const* const last = text->data() + text->size();
  auto const [stop, flaw] = std::from_chars(text->data(), last, count);
  if (flaw != std::errc{} || stop != last) return std::nullopt;
  return count;
}

}  // namespace

// One request for data, understood.
struct Broker::Asked {
  std::vector<ListedRow const*> listed;  // the filtered list
  std::size_t position = 0;
  std::size_t rows = 0;
};

Broker::Broker(engine::SourcePlan const& plan, FixtureFolder const& folder, Listing listing,
               Behaviour behaviour, Clock const& clock)
    : plan_(plan),
      folder_(folder),
      listing_(std::move(listing)),
      behaviour_(behaviour),
      clock_(clock),
      base_path_(engine::base_path_of(plan.base_url)),
      login_base_path_(base_path_) {
  auto const& login_url = engine::login_url_of(plan.auth);
  if (!login_url.empty()) login_base_path_ = engine::base_path_of(login_url);
}

void Broker::behave(Behaviour const& behaviour) {
  behaviour_ = behaviour;
  requests_ = logins_ = throttled_ = 0;
  expired_once_ = moved_ = false;
  pages_.clear();
}

HttpResponse Broker::finished(HttpResponse response) const {
  if (!response.headers.find("Date")) response.headers.add("Date", http_date(clock_.now()));
  return response;
}

// Returns the refusal of this class that the fixtures show.
std::optional<HttpResponse> Broker::refuse(std::string const& answer_class, int status) const {
  constexpr int longest_wait = 600;  // a run does not wait longer
  for (auto const& fixture : folder_.fixtures) {
    if (std::atoi(fixture.get("wait", "0").c_str()) > longest_wait) continue;
    bool const is_it = fixture.get("class") == answer_class && fixture.of() != "login" &&
                       (fixture.of() == "any" || fixture.of() == listing_.plan().stream);
    if (is_it) return response_of(fixture);
  }
  if (status == 0) return std::nullopt;
  return json_answer(status, R"({"error": "refused"})");
}

HttpResponse Broker::refused(std::string const& answer_class, int status, std::string complaint) {
  complaints_.insert(std::move(complaint));
  return finished(*refuse(answer_class, status));
}

HttpResponse Broker::answer(HttpRequest const& request) {
  auto const target = read_target(request.target);
  std::string_view path = target.path;
  if (auto const* login = std::get_if<engine::LoginTokenAuth>(&plan_.auth)) {
    auto const is = [&](engine::RequestSpec const& spec) {
      return request.method == spec.method &&
             path == login_base_path_ + read_target(spec.path).path;
    };
    if (is(login->login)) return log_in(request);
    if (login->refresh && is(login->refresh->request)) return give_token();
  }
  if (!path.starts_with(base_path_)) {
    return refused("not_found", 404, "a request left out the path of base_url: " + target.path);
  }
  path.remove_prefix(base_path_.size());
  auto const& spec = *listing_.plan().spec;
  bool const by_link = std::holds_alternative<engine::LinkPaging>(spec.page.kind) &&
                       target.find(link_parameter).has_value();
  if (spec.report) {
    if (auto about = desk_.answer(*spec.report, path, plan_.base_url)) {
      return is_admitted(request) ? finished(std::move(*about))
                                  : finished(*refuse("auth_expired", 401));
    }
  }
  auto const pattern = read_target(spec.request.path).path;
  if (!match_path(pattern, path) && !by_link) {
    return refused("not_found", 404,
                   "a request that the stream does not declare: " +
                       std::string(to_string(request.method)) + " " + target.path);
  }
  if (request.method != spec.request.method) {
    return refused("bad_request", 405,
                   "the method is " + std::string(to_string(request.method)) + ", declared is " +
                       std::string(to_string(spec.request.method)));
  }
  auto response = data(request, std::string(path), pattern);
  if (!spec.report || !served_) return response;
  return finished(desk_.take(*spec.report, std::move(response)));
}

HttpResponse Broker::log_in(HttpRequest const& request) {
  if (auto complaint = login_complaint(plan_, request)) {
    complaints_.insert(std::move(*complaint));
    return finished(json_answer(401, R"({"error": "refused"})"));
  }
  return give_token();
}

HttpResponse Broker::give_token() {
  auto const& login = std::get<engine::LoginTokenAuth>(plan_.auth);
  ++logins_;
  Fixture const* sample = nullptr;
  for (auto const& fixture : folder_.fixtures) {
    if (fixture.of() == "login" && fixture.has("token")) sample = &fixture;
  }
  auto made = make_token(login, sample, clock_.now(), logins_);
  token_ = std::move(made.token);
  tokens_.push_back(token_);
  return finished(std::move(made.response));
}

bool Broker::is_admitted(HttpRequest const& request) {
  if (auto complaint = admission_complaint(plan_, request, token_, clock_.now())) {
    complaints_.insert(std::move(*complaint));
    return false;
  }
  return true;
}

std::optional<std::vector<ListedRow const*>> Broker::listed(
    Target const& target, std::map<std::string, std::string> places, std::string& complaint) const {
  auto const& spec = *listing_.plan().spec;
  // A link carries everything that the first request asked for.
  std::optional<DaySpan> days;
  if (spec.window) {
    auto from = target.find(spec.window->from_parameter);
    auto to = target.find(spec.window->to_parameter);
    if (places.contains("window.from")) from = places["window.from"];
    if (places.contains("window.to")) to = places["window.to"];
    if (from && !to) to = from;
    if (from && to) {
      days = days_asked(*spec.window, *from, *to);
      if (!days) {
        complaint = "the days of the window cannot be understood: " + *from + ", " + *to;
        return std::nullopt;
      }
    }
  }
  std::size_t part = 0;
  for (std::size_t i = 0; i < spec.parts.size(); ++i) {
    bool const all = std::ranges::all_of(spec.parts[i].query, [&](auto const& pair) {
      return target.find(pair.first) == pair.second;
    });
    if (all) part = i;
  }
  auto const items = listing_.items();
  std::optional<std::string> item;
  if (spec.for_each && !items.empty()) {
    auto const& parameter = spec.for_each->parameter;
    item = parameter.empty() ? places["item"] : target.find(parameter);
    if (!item || std::ranges::find(items, *item) == items.end()) {
      complaint = "the value of `for_each` is not one of the fixtures: " + item.value_or("none");
      return std::nullopt;
    }
  }
  std::vector<ListedRow const*> rows;
  auto const sample_days = listing_.first().words("days");
  for (auto const& row : listing_.rows()) {
    if (!spec.parts.empty() && row.part != part) continue;
    if (item && row.item != *item) continue;
    if (days && !spec.window->changes) {
      auto day = row.day;
      if (!day && sample_days.size() == 2) day = parse_day(sample_days.front());
      if (day && (*day < days->from || *day > days->to)) continue;
    }
    rows.push_back(&row);
  }
  return rows;
}

HttpResponse Broker::data(HttpRequest const& request, std::string const& path,
                          std::string const& pattern) {
  auto const target = read_request(request);
  auto const& spec = *listing_.plan().spec;
  ++requests_;
  served_ = false;
  if (behaviour_.expire_at > 0 && requests_ >= behaviour_.expire_at && !expired_once_) {
    expired_once_ = true;
    token_ += "-expired";  // the old one is refused from now on
    return finished(*refuse("auth_expired", 401));
  }
  if (!is_admitted(request)) return finished(*refuse("auth_expired", 401));
  if (behaviour_.throttle_at == requests_) {
    ++throttled_;
    auto answer = refuse("throttled", 0);
    if (!answer) {
      answer = json_answer(429, R"({"error": "too many requests"})");
      answer->headers.add("Retry-After", "1");
    }
    return finished(std::move(*answer));
  }
  if (behaviour_.fail_from > 0 && requests_ >= behaviour_.fail_from) {
    return finished(json_answer(500, R"({"error": "internal"})"));
  }
  Asked asked;
  std::string complaint;
  auto places = match_path(pattern, path).value_or(std::map<std::string, std::string>());
  auto found = listed(target, std::move(places), complaint);
  if (!found) return refused("bad_request", 400, complaint);
  asked.listed = std::move(*found);

  // The page.
  std::size_t const all = asked.listed.size();
  std::size_t size = all;
  if (spec.page.size) {
    if (auto const limit = number(target.find(spec.page.size->parameter))) {
      size = static_cast<std::size_t>(std::max<std::int64_t>(*limit, 1));
    }
  }
  if (behaviour_.page_rows > 0) size = std::min(size, behaviour_.page_rows);
  if (spec.page.is_single_answer()) size = all;
  size = std::max<std::size_t>(size, 1);
  bool known = true;
  if (auto const* by_offset = std::get_if<engine::OffsetPaging>(&spec.page.kind)) {
    auto const offset = number(target.find(by_offset->parameter));
    known = offset && *offset >= by_offset->first;
    if (known) asked.position = static_cast<std::size_t>(*offset - by_offset->first);
  } else if (auto const* by_page = std::get_if<engine::NumberPaging>(&spec.page.kind)) {
    auto const page = number(target.find(by_page->parameter));
    known = page && *page >= by_page->first_page;
    if (known) asked.position = static_cast<std::size_t>(*page - by_page->first_page) * size;
  } else if (auto const* by_id = std::get_if<engine::IdPaging>(&spec.page.kind)) {
    if (auto const id = target.find(by_id->parameter)) {
      auto const at = std::ranges::find_if(asked.listed, [&](auto const* row) {
        auto const* value = by_id->id.in(row->value);
        return value != nullptr && value->scalar_text() == *id;
      });
      known = at != asked.listed.end();
      asked.position = static_cast<std::size_t>(at - asked.listed.begin()) + 1;
    }
  } else {
    auto const* by_cursor = std::get_if<engine::CursorPaging>(&spec.page.kind);
    auto const name =
        by_cursor != nullptr ? std::string_view(by_cursor->parameter) : link_parameter;
    if (auto const cursor = target.find(name)) {
      auto const position = number(cursor->substr(std::min<std::size_t>(1, cursor->size())));
      // Some brokers take an empty cursor, or a zero, for the beginning.
      known = position || cursor->empty() || *cursor == "0";
      asked.position = static_cast<std::size_t>(position.value_or(0));
    }
  }
  if (!known) {
    return refused(
        "bad_request", 400,
        "the request names no page that there is: " + target.path + "?" + target.raw_query);
  }
  auto const begin = std::min(asked.position, all);
  auto const end = std::min(begin + size, all);
  std::vector<ListedRow const*> const rows(
      asked.listed.begin() + static_cast<std::ptrdiff_t>(begin),
      asked.listed.begin() + static_cast<std::ptrdiff_t>(end));
  PageFacts facts;
  facts.listed = asked.listed;
  facts.total = static_cast<std::int64_t>(all);
  facts.total_pages = static_cast<std::int64_t>((all + size - 1) / size);
  facts.more = end < all;
  bool const by_token = std::holds_alternative<engine::CursorPaging>(spec.page.kind);
  bool const by_link = std::holds_alternative<engine::LinkPaging>(spec.page.kind);
  if (facts.more && by_token) facts.next = "c" + std::to_string(end);
  if (facts.more && by_link) {
    auto const old = target.raw_query.find(std::string(link_parameter) + "=");
    auto query = target.raw_query.substr(0, old);  // all of it if there is none
    while (query.ends_with('&')) query.pop_back();
    facts.next = plan_.base_url + path + "?" + query + (query.empty() ? "" : "&") +
                 std::string(link_parameter) + "=c" + std::to_string(end);
  }
  auto response = response_of(listing_.first());
  response.body = listing_.body(rows, facts);
  served_ = true;
  if (rows.empty() && !listing_.is_divisible()) {
    // Such as the file of a day that does not exist.
    if (auto nothing = refuse("empty", 0)) return finished(std::move(*nothing));
  }
  // Headers that speak about the list, instead of the sample's own.
  auto const& names = spec.page.headers;
  Headers headers;
  for (auto const& [name, value] : response.headers.fields()) {
    bool const ours = equal_without_case(name, names.total) ||
                      equal_without_case(name, names.total_pages) ||
                      equal_without_case(name, names.more) || equal_without_case(name, names.next);
    if (!ours) headers.add(name, value);
  }
  auto const say = [&](std::string const& name, std::string const& value) {
    if (!name.empty() && !value.empty()) headers.add(name, value);
  };
  say(names.total, std::to_string(facts.total));
  say(names.total_pages, std::to_string(facts.total_pages));
  say(names.more, facts.more ? "true" : "false");
  bool const linked = by_link && !facts.next.empty();
  say(names.next, linked ? "<" + facts.next + ">; rel=\"next\"" : facts.next);
  response.headers = std::move(headers);
  if (!rows.empty()) pages_.insert(response.body);
  if (behaviour_.cut_at > 0 && requests_ >= behaviour_.cut_at) {
    response.body.resize(response.body.size() / 2);
  }
  // Last, since it moves the rows.
  if (behaviour_.move && !moved_ && facts.more) moved_ = listing_.insert_in_front();
  return finished(std::move(response));
}

}  // namespace affsync::proof
