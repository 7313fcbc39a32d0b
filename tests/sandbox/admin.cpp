// Inspection and control of the running sandbox.
#include "tests/sandbox/admin.hpp"

#include <algorithm>
#include <charconv>

#include "base/json.hpp"
#include "tests/sandbox/json_writer.hpp"
#include "tests/sandbox/sandbox.hpp"

namespace affsync::sandbox {
namespace {

Reply refuse(int status, std::string_view message) {
  Reply reply(status, {});
  ObjectWriter json(reply.body);
  json.text("error", message);
  json.close();
  return reply;
}

void write_books(Feed const& feed, ObjectWriter& out) {
  auto const totals = feed.totals();
  out.name(feed.name());
  ObjectWriter book(out.buffer());
  book.plain("path", feed.path());
  book.number("rows", static_cast<std::int64_t>(totals.rows));
  book.name("sums");
  ObjectWriter sums(out.buffer());
  auto const measures = feed.measures();
  for (std::size_t i = 0; i < measures.size(); ++i) {
    sums.name(measures[i].field);
    ObjectWriter by_currency(out.buffer());
    if (measures[i].unit != Unit::own)
      by_currency.shortest_text(measures[i].unit == Unit::usd ? "USD" : "", totals.sum(i));
    auto const names = feed.currency_names();
    for (std::size_t c = 0; measures[i].unit == Unit::own && c < names.size(); ++c)
      if (totals.rows_by_currency[c] > 0) by_currency.shortest_text(names[c], totals.sums[i][c]);
    by_currency.close();
  }
  sums.close();
  book.close();
}

Reply books(Sandbox& sandbox, Request const& request) {
  Reply reply(200, {});
  ObjectWriter json(reply.body);
  json.name("feeds");
  ObjectWriter feeds(reply.body);
  auto const wanted = request.query.find("feed");
  for (auto const* feed : sandbox.broker().feeds())
    if (!wanted || *wanted == feed->name()) write_books(*feed, feeds);
  feeds.close();
  json.close();
  return reply;
}

Reply list_faults(Sandbox& sandbox) {
  Reply reply(200, "[");
  for (auto const& fault : sandbox.faults().all()) {
    if (reply.body.size() > 1) reply.body += ',';
    ObjectWriter json(reply.body);
    json.text("spec", fault.spec());
    json.number("struck", static_cast<std::int64_t>(fault.struck()));
    json.close();
  }
  reply.body += ']';
  return reply;
}

// The parameters of a control request, from its query and its body.
class Parameters {
 public:
  explicit Parameters(Request const& request) : query_(request.query) {
    auto const body = parse_json(request.body.empty() ? "{}" : request.body);
    if (!body || !body->is_object()) return;
    for (auto const& member : body->members())
      if (auto const text = member.value.scalar_text()) query_.add(member.name, std::string(*text));
  }
  std::string text(std::string_view name) const {
    return std::string(query_.find(name).value_or(""));
  }
  std::size_t count(std::string_view name, std::size_t fallback) const {
    auto const value = text(name);
    std::size_t out = fallback;
    std::from_chars(value.data(), value.data() + value.size(), out);
    return out;
  }
  double real(std::string_view name, double fallback) const {
    auto const value = text(name);
    double out = fallback;
    std::from_chars(value.data(), value.data() + value.size(), out);
    return out;
  }

 private:
  Query query_;
};

std::string rows_of(Feed const& feed, std::vector<Handle> const& handles) {
  constexpr std::size_t most_shown = 2'000;
  std::string out = "[";
  for (std::size_t i = 0; i < std::min(handles.size(), most_shown); ++i) {
    if (i > 0) out += ',';
    feed.write_row(handles[i], out);
  }
  return out + "]";
}

Reply report(Feed const& feed, std::vector<Handle> const& handles, std::string const& before,
             std::string const& after) {
  Reply reply(200, {});
  ObjectWriter json(reply.body);
  json.plain("feed", feed.name());
  json.number("rows", static_cast<std::int64_t>(handles.size()));
  json.raw("before", before);
  json.raw("after", after);
  json.close();
  return reply;
}

// The index of `what` among the actions of the feed.
std::optional<std::size_t> action_index(Feed const& feed, std::string const& what) {
  auto const actions = feed.actions();
  auto const found = std::find(actions.begin(), actions.end(), what);
  if (found == actions.end()) return std::nullopt;
  return static_cast<std::size_t>(found - actions.begin());
}

Reply unknown_action(Feed const& feed, std::string const& what) {
  std::string known = "change remove restore add";
  for (auto const action : feed.actions()) known.append(" ").append(action);
  return refuse(400, "do='" + what + "' is unknown; the feed " + feed.name() + " takes: " + known);
}

Reply change_rows(Sandbox& sandbox, std::string const& what, Parameters const& parameters) {
  auto const feeds = sandbox.broker().feeds();
  auto const name = parameters.text("feed");
  if (name.empty()) return refuse(400, "do='" + what + "' is unknown, or needs feed=NAME");
  auto const found =
      std::find_if(feeds.begin(), feeds.end(), [&](Feed* one) { return one->name() == name; });
  if (found == feeds.end()) return refuse(400, "there is no feed '" + name + "'");
  Feed& feed = **found;
  auto const rows = parameters.count("rows", 1);
  if (what == "restore") {
    auto const handles = feed.restore(rows);
    return report(feed, handles, "[]", rows_of(feed, handles));
  }
  if (what == "add") {
    auto const handles = sandbox.broker().add(name, rows, parameters.text("day"));
    if (!handles) return refuse(400, handles.error().message);
    return report(feed, *handles, "[]", rows_of(feed, *handles));
  }
  auto const action = action_index(feed, what);
  if (!action && what != "remove" && what != "change") return unknown_action(feed, what);
  auto const noise = parameters.count("seed", sandbox.seed());
  auto const handles = action ? feed.choose_for(*action, rows, noise)
                              : feed.choose(rows, noise, parameters.count("spare", 0));
  auto const before = rows_of(feed, handles);
  if (action) {
    for (auto const handle : handles) feed.act(*action, handle);
    return report(feed, handles, before, rows_of(feed, handles));
  }
  if (what == "remove") {
    for (auto const handle : handles) feed.remove(handle);
    return report(feed, handles, before, "[]");
  }
  for (auto const handle : handles) feed.change(handle);
  return report(feed, handles, before, rows_of(feed, handles));
}

Reply set_clock(SandboxClock& clock, Parameters const& parameters) {
  if (auto const text = parameters.text("time"); !text.empty()) {
    auto const time = parse_instant(text);
    if (!time) return refuse(400, "'" + text + "' is not an ISO 8601 time");
    clock.set(*time, parameters.count("frozen", 0) > 0);
  }
  clock.advance(std::chrono::seconds(parameters.count("advance", 0)));
  return {200, R"({"now":")" + format_time(clock.now()) + "\"}"};
}

Reply set_endpoint(Sandbox& sandbox, std::string const& what, Parameters const& parameters) {
  auto* endpoints = sandbox.broker().endpoints();
  auto const name = parameters.text("name");
  if (endpoints && endpoints->set(name, what)) return {200, "{}"};
  return refuse(400, "there is no endpoint '" + name + "'" +
                         (endpoints ? "; there are: " + endpoints->names() : std::string()));
}

Reply control(Sandbox& sandbox, Request const& request) {
  Parameters const parameters(request);
  auto const what = parameters.text("do");
  if (what == "fault") {
    auto fault = Fault::parse(parameters.text("spec"));
    if (!fault) return refuse(400, fault.error().to_line());
    sandbox.faults().add(std::move(*fault));
    return {200, "{}"};
  }
  if (what == "clear_faults") {
    sandbox.faults().clear(parameters.text("kind"));
    return {200, "{}"};
  }
  if (what == "hide" || what == "show" || what == "deny" || what == "allow")
    return set_endpoint(sandbox, what, parameters);
  if (what == "clock") return set_clock(sandbox.clock(), parameters);
  if (what == "advance") {
    auto const today = sandbox.broker().advance(static_cast<int>(parameters.count("days", 1)),
                                                parameters.count("rows", 0));
    return {200, R"({"today":")" + today + "\"}"};
  }
  if (what == "rate") {
    RateOptions rate;
    rate.rate = parameters.real("rate", 0);
    rate.burst = parameters.real("burst", 1);
    if (auto form = parameters.text("form"); !form.empty()) rate.form = form;
    if (auto headers = parameters.text("headers"); !headers.empty()) rate.headers = headers;
    sandbox.set_rate(rate);
    return {200, "{}"};
  }
  if (what == "expire_tokens") {
    sandbox.broker().expire_tokens();
    return {200, "{}"};
  }
  if (what == "clear_log") {
    sandbox.log().clear();
    return {200, "{}"};
  }
  return change_rows(sandbox, what, parameters);
}

}  // namespace

Reply answer_admin(Sandbox& sandbox, Request const& request) {
  if (request.method == "GET" && request.path == "/sandbox/books") return books(sandbox, request);
  if (request.method == "GET" && request.path == "/sandbox/log")
    return {200, sandbox.log().to_json(request.query.find("latest").has_value())};
  if (request.method == "GET" && request.path == "/sandbox/faults") return list_faults(sandbox);
  if (request.method == "POST" && request.path == "/sandbox/control")
    return control(sandbox, request);
  return refuse(404, "unknown path; the sandbox has /sandbox/books, log, faults and control");
}

}  // namespace affsync::sandbox
