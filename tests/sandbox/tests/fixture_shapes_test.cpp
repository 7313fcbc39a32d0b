// Compares the fake brokers with real answers (tests/fixtures): the same members in the same
// positions, with the same JSON types. Without this, sandbox and connector could agree on a format
// that no broker sends.
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "tests/sandbox/exness/exness.hpp"
#include "tests/sandbox/iexexchanger/iexexchanger.hpp"
#include "tests/sandbox/iexexchanger_v3/iexexchanger_v3.hpp"
#include "tests/sandbox/rates/rates.hpp"
#include "tests/sandbox/tests/sandbox_under_test.hpp"
#include "tests/sandbox/wintrado/wintrado.hpp"
#include "tests/support/wire_fixture.hpp"

namespace affsync::sandbox::fixture_shapes_test {
namespace {

using test::WireFixture;
using Kinds = std::set<std::string>;
using Shape = std::map<std::string, Kinds>;  // path -> kinds of its values

bool has_form(std::string const& text, std::string_view form) {
  if (text.size() < form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    bool const digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '9' ? !digit : text[i] != form[i]) return false;
  }
  return true;
}

std::string kind_of_text(std::string const& text) {
  if (has_form(text, "9999-99-99T99:99:99")) return "instant";
  if (text.size() == 10 && has_form(text, "9999-99-99")) return "day";
  return "text";
}

std::string kind_of(Json const& value) {
  switch (value.kind()) {
    case Json::Kind::null:
      return "null";
    case Json::Kind::boolean:
      return "boolean";
    case Json::Kind::number:
      return "number";
    case Json::Kind::string:
      return kind_of_text(value.as_string());
    case Json::Kind::array:
      return "list";
    case Json::Kind::object:
      return "object";
  }
  return "null";
}

// `open`: paths whose member names are data, such as days and currencies.
void collect(Json const& value, std::string const& path, Kinds const& open, Shape& shape) {
  shape[path].insert(kind_of(value));
  if (value.is_array()) {
    for (auto const& item : value.items()) collect(item, path + "[]", open, shape);
  }
  if (!value.is_object()) return;
  for (auto const& member : value.members()) {
    auto const name = open.contains(path) ? "*" : member.name;
    collect(member.value, path.empty() ? name : path + "." + name, open, shape);
  }
}

// Whether the object or list is empty or has folded content. Its members may then be anything.
bool is_folded(Shape const& shape, std::string const& path) {
  auto const inside = [&](std::string const& prefix) {
    auto const next = shape.lower_bound(prefix);
    return next != shape.end() && next->first.starts_with(prefix);
  };
  return !inside(path + ".") && !inside(path + "[]");
}

bool is_within_folded(Shape const& shape, std::string const& path) {
  for (std::size_t i = path.find_first_of(".[", 1); i != std::string::npos;
       i = path.find_first_of(".[", i + 1)) {
    auto const outer = path.substr(0, i);
    auto const found = shape.find(outer);
    if (found == shape.end()) continue;
    auto const& kinds = found->second;
    bool const holder = kinds.contains("object") || kinds.contains("list");
    if ((holder || kinds == Kinds{"null"}) && is_folded(shape, outer)) return true;
  }
  return false;
}

// Removes everything below `path`, whose content no source has shown.
void fold(Shape& shape, std::string const& path) {
  std::erase_if(shape, [&](auto const& one) {
    return one.first.starts_with(path + ".") || one.first.starts_with(path + "[]");
  });
  if (shape.contains(path)) shape[path] = {"null"};
}

struct Differences {
  Kinds only_ours;    // members that only the sandbox has
  Kinds only_theirs;  // members that the sandbox lacks
  Kinds types;
  bool empty() const { return only_ours.empty() && only_theirs.empty() && types.empty(); }
};

Differences differences(Shape const& ours, Shape const& theirs) {
  Differences out;
  for (auto const& [path, kinds] : ours) {
    auto const found = theirs.find(path);
    if (found == theirs.end()) {
      if (!is_within_folded(theirs, path)) out.only_ours.insert(path);
      continue;
    }
    // A value that the fixture shows only as null may have any type here.
    if (found->second == Kinds{"null"}) continue;
    for (auto const& kind : kinds) {
      if (!found->second.contains(kind)) out.types.insert(path + " is " + kind);
    }
  }
  for (auto const& [path, kinds] : theirs) {
    if (!ours.contains(path) && !is_within_folded(ours, path)) out.only_theirs.insert(path);
  }
  return out;
}

std::string text_of(Kinds const& words) {
  std::string text;
  for (auto const& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Removes differences that the fixture allows: members the sandbox needs although no source has
// shown them. The fixture states the reason.
void remove_allowed(Differences& found, std::vector<WireFixture> const& fixtures) {
  for (auto const& fixture : fixtures) {
    for (auto const& path : fixture.words("sandbox adds")) {
      std::erase_if(found.only_ours, [&](auto const& one) {
        return one == path || one.starts_with(path + ".") || one.starts_with(path + "[]");
      });
    }
    for (auto const& path : fixture.words("may be null")) found.types.erase(path + " is null");
  }
}

struct Broker {
  std::unique_ptr<SandboxUnderTest> client;
  std::string login_body;  // body of a login by POST
  std::string login_path;
};

template <class Options>
void set_history(Options& partner) {
  partner.seed = 7;
  partner.clients = 40;
  partner.rows = 400;
  partner.payouts = 30;
  partner.days = 60;
  partner.today = *parse_day("2026-11-22");
}

Broker broker_of(std::string const& connector) {
  Broker out;
  auto const serve = [&](auto make, auto options) {
    out.client = std::make_unique<SandboxUnderTest>(
        [=](RequestLog& log, SandboxClock& clock) { return make(options, log, clock); });
    out.client->clock().set(*parse_instant("2026-11-22T12:00:00Z"), true);
    out.client->headers = {{"Accept", "application/json"}, {"Content-Type", "application/json"}};
  };
  std::string scheme = "Bearer ";
  if (connector == "exness") {
    exness::ExnessOptions options;
    options.world.seed = 7;
    options.world.rewards = 2'000;
    options.world.today = *parse_day("2026-11-22");
    options.payouts_path = "/given";
    serve(exness::make_exness, options);
    out.login_path = "/api/v2/auth/";
    out.login_body = R"({"login":"partner@example.com","password":"sandbox-password"})";
    scheme = "JWT ";
  } else if (connector == "wintrado") {
    wintrado::WintradoOptions options;
    set_history(options.partner);
    serve(wintrado::make_wintrado, options);
    out.login_path = "/sessions";
    out.login_body = R"({"username":"partner@example.com","password":"sandbox-password"})";
  } else if (connector == "iexexchanger") {
    iexexchanger::IexOptions options;
    set_history(options.partner);
    serve(iexexchanger::make_iexexchanger, options);
  } else if (connector == "iexexchanger_v3") {
    iexexchanger_v3::IexV3Options options;
    set_history(options.partner);
    serve(iexexchanger_v3::make_iexexchanger_v3, options);
  } else {
    serve(rates::make_rates, rates::RatesOptions{});
  }
  auto& headers = out.client->headers;
  if (out.login_path.empty()) {
    headers.emplace_back("Authorization", "Bearer sandbox-key");
  } else {
    auto const reply = out.client->send("POST", out.login_path, out.login_body);
    headers.emplace_back("Authorization",
                         scheme + text_at(parse_json(reply.body).value(), "token"));
  }
  return out;
}

class SandboxShapes : public testing::TestWithParam<std::string> {
 protected:
  void expect_shape(std::string const& body, std::vector<WireFixture> const& shown,
                    std::string const& what) {
    Kinds open;
    for (auto const& fixture : shown) {
      for (auto const& path : fixture.words("open")) open.insert(path);
    }
    Shape ours, theirs;
    collect(parse_json(body).value(), "", open, ours);
    for (auto const& fixture : shown) {
      collect(parse_json(fixture.body).value(), "", open, theirs);
    }
    for (auto const& fixture : shown) {
      for (auto const& path : fixture.words("folded")) {
        fold(ours, path);
        fold(theirs, path);
      }
    }
    auto found = differences(ours, theirs);
    remove_allowed(found, shown);
    EXPECT_TRUE(found.empty()) << what
                               << "\n  members that no fixture shows: " << text_of(found.only_ours)
                               << "\n  members that are missing: " << text_of(found.only_theirs)
                               << "\n  other types: " << text_of(found.types) << "\n"
                               << body.substr(0, 1500);
  }
};

TEST_P(SandboxShapes, AreThoseOfTheFixtures) {
  auto const connector = GetParam();
  auto broker = broker_of(connector);
  std::map<std::string, std::vector<WireFixture>> by_stream;
  for (auto& fixture : test::fixtures_of(connector)) {
    bool const refusal = fixture.of() == "any" || fixture.get("class", "ok") != "ok";
    if (!refusal && fixture.get("sandbox") != "none") by_stream[fixture.of()].push_back(fixture);
  }
  EXPECT_FALSE(by_stream.empty());
  for (auto const& [stream, shown] : by_stream) {
    SCOPED_TRACE(connector + "/" + stream);
    if (stream == "login") {
      auto const reply = broker.client->send("POST", broker.login_path, broker.login_body);
      expect_shape(reply.body, shown, "login");
      continue;
    }
    bool asked = false;
    for (auto const& fixture : shown) {
      auto const target = fixture.get("sandbox", fixture.get("asked"));
      if (target.empty()) continue;
      asked = true;
      auto const reply = broker.client->get(target);
      ASSERT_EQ(reply.status, 200) << target << "\n" << reply.body;
      expect_shape(reply.body, shown, target);
    }
    EXPECT_TRUE(asked) << "no fixture has a request for the sandbox";
  }
}

TEST_P(SandboxShapes, OfRefusalsAreThoseOfTheFixtures) {
  auto const connector = GetParam();
  std::map<std::string, std::vector<WireFixture>> by_status;
  std::string target;
  for (auto& fixture : test::fixtures_of(connector)) {
    if (fixture.of() == "any") by_status[fixture.get("status")].push_back(fixture);
    if (target.empty() && fixture.get("sandbox") != "none") {
      target = fixture.get("sandbox", fixture.get("asked"));
    }
  }
  ASSERT_FALSE(target.empty());
  auto const compare = [&](Reply const& reply, int status) {
    auto const found = by_status.find(std::to_string(status));
    if (found == by_status.end()) return;  // no fixture shows such an answer
    ASSERT_EQ(reply.status, status);
    // One of the fixtures must have exactly this shape.
    for (auto const& fixture : found->second) {
      Shape ours, theirs;
      collect(parse_json(reply.body).value(), "", {}, ours);
      collect(parse_json(fixture.body).value(), "", {}, theirs);
      if (differences(ours, theirs).empty()) return;
    }
    ADD_FAILURE() << connector << " " << status << ": " << reply.body;
  };
  auto broker = broker_of(connector);
  auto& client = *broker.client;
  auto const good = client.headers;
  client.headers.back().second = "Bearer wrong";
  compare(client.get(target), 401);
  client.headers = good;
  client.fault("throttle:");
  compare(client.get(target), 429);
  client.control("do=clear_faults");
  for (auto const& endpoint : {"partner", "exchanges", "referrals", "clients", "accounts",
                               "rebates", "customers", "rates"}) {
    client.send("POST", std::string("/sandbox/control?do=deny&name=") + endpoint);
  }
  if (client.get(target).status != 403) client.fault("status:code=403");
  compare(client.get(target), 403);
}

// The connectors that the sandbox has a fake broker for. The others are only read from their
// fixtures.
std::vector<std::string> connectors_with_a_broker() {
  static std::set<std::string> const served{"currency_api", "ecb_rates",       "exness",
                                            "iexexchanger", "iexexchanger_v3", "wintrado"};
  auto names = test::fixture_connectors();
  std::erase_if(names, [](auto const& name) { return !served.contains(name); });
  return names;
}

INSTANTIATE_TEST_SUITE_P(Connector, SandboxShapes, testing::ValuesIn(connectors_with_a_broker()),
                         [](auto const& of) { return of.param; });

}  // namespace
}  // namespace affsync::sandbox::fixture_shapes_test
