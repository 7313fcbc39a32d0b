// Controls the sandbox over its own HTTP paths.
#include "tests/support/sandbox_process.hpp"
#include "tests/support/places/places.hpp"

#include <stdexcept>

namespace affsync::test {
namespace {

ProcessOptions sandbox_options(std::vector<std::string> arguments) {
  ProcessOptions options;
  options.program = in_build("affsync-sandbox");
  options.arguments = std::move(arguments);
  return options;
}

Json parse(HttpAnswer const& answer) {
  if (answer.status != 200)
    throw std::runtime_error("the sandbox answered " + std::to_string(answer.status) + ": " +
                             answer.body);
  return parse_json(answer.body).value();
}

std::string text_at(Json const& json, std::string_view path) {
  auto const* value = JsonPath(path).in(json);
  auto const text = value ? value->scalar_text() : std::nullopt;
  if (!text) throw std::runtime_error("the sandbox gave no " + std::string(path));
  return std::string(*text);
}

}  // namespace

SandboxProcess::SandboxProcess(std::vector<std::string> arguments)
    : process_(sandbox_options(std::move(arguments))) {
  auto const line = process_.wait_for_line("listening on ");
  url_ = line.substr(line.find("http://"));
}

Book SandboxProcess::book(std::string const& feed) const {
  auto const json = parse(http_get(url_ + "/sandbox/books?feed=" + feed));
  Book book;
  book.rows = std::stoull(text_at(json, "feeds." + feed + ".rows"));
  for (auto const& field : JsonPath("feeds." + feed + ".sums").in(json)->members())
    for (auto const& sum : field.value.members())
      book.sums[field.name][sum.name] = sum.value.as_string();
  return book;
}

Json SandboxProcess::log(bool with_latest) const {
  return parse(http_get(url_ + "/sandbox/log" + (with_latest ? "?latest=1" : "")));
}

std::uint64_t SandboxProcess::count(std::string const& counter) const {
  return std::stoull(text_at(log(), counter));
}

std::vector<std::string> SandboxProcess::targets(std::string const& part) const {
  auto const json = log(true);
  std::vector<std::string> out;
  for (auto const& entry : json.find("latest")->items()) {
    auto target = text_at(entry, "target");
    if (target.find(part) != std::string::npos) out.push_back(std::move(target));
  }
  return out;
}

Json SandboxProcess::control(std::map<std::string, std::string> const& parameters) const {
  Json::Object members;
  for (auto const& [name, value] : parameters) members.push_back({name, Json::string(value)});
  return parse(http_post(url_ + "/sandbox/control", Json::object(std::move(members)).dump()));
}

std::string SandboxProcess::log_in() const {
  return text_at(
      parse(http_post(url_ + "/api/v2/auth/",
                      R"({"login":"partner@example.com","password":"sandbox-password"})")),
      "token");
}

HttpAnswer SandboxProcess::get(std::string const& target, std::string const& token) const {
  return http_get(url_ + target, {{"Authorization", "JWT " + token}});
}

}  // namespace affsync::test
