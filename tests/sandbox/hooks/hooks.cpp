#include "tests/sandbox/hooks/hooks.hpp"

#include <iostream>

#include "base/json.hpp"

namespace affsync::sandbox::hooks {
namespace {

bool is_telegram(Request const& request) {
  return request.path.starts_with("/bot") && request.path.ends_with("/sendMessage");
}

std::string text_of(Json const& body, std::string const& member) {
  auto const* const value = body.find(member);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  return std::string(text.value_or(""));
}

std::string indented(std::string const& text) {
  std::string out = "  ";
  for (char const c : text) out += c == '\n' ? std::string("\n  ") : std::string(1, c);
  return out + "\n";
}

class Hooks final : public Broker {
 public:
  std::string_view name() const override { return "hooks"; }
  bool is_login(Request const&) const override { return false; }
  Reply answer(Request const& request, ActiveFaults const&) override {
    auto const text = shown(request);
    if (text.empty()) return error(400, "", "neither a webhook nor sendMessage");
    std::cerr << text << std::flush;
    if (!is_telegram(request)) return {200, R"({"ok":true})"};
    return {200, R"({"ok":true,"result":{"message_id":)" + std::to_string(++messages_) + "}}"};
  }
  Reply error(int status, std::string_view, std::string_view message) const override {
    std::string body = R"({"ok":false,"description":)";
    append_json_string(body, message);
    return {status, body + "}"};
  }
  std::span<Feed* const> feeds() override { return {}; }
  std::string advance(int, std::size_t) override { return {}; }
  Result<std::vector<Handle>> add(std::string_view, std::size_t, std::string_view) override {
    return Error(ErrorCode::usage, "a receiver of alerts has no rows");
  }
  void expire_tokens() override {}

 private:
  std::uint64_t messages_ = 0;
};

}  // namespace

std::string shown(Request const& request) {
  auto const body = parse_json(request.body);
  if (request.method != "POST" || !body || !body->is_object()) return {};
  auto const text = text_of(*body, "text");
  if (text.empty()) return {};
  if (is_telegram(request))
    return "\n[telephone] chat " + text_of(*body, "chat_id") + "\n" + indented(text);
  auto const* const alerts = body->find("alerts");
  std::string rules;
  if (alerts != nullptr && alerts->is_array()) {
    for (auto const& alert : alerts->items()) {
      auto const rule = text_of(alert, "rule");
      if (rules.find(rule) == std::string::npos) rules += (rules.empty() ? "" : ", ") + rule;
    }
  }
  return "\n[webhook] " + text_of(*body, "kind") + (rules.empty() ? "" : ": " + rules) + "\n" +
         indented(text);
}

std::unique_ptr<Broker> make_hooks() {
  return std::make_unique<Hooks>();
}

}  // namespace affsync::sandbox::hooks
