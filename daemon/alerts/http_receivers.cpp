// Webhooks and Telegram: one POST over daemon/net's client, which verifies TLS, bounds every time
// and size, follows no redirect and sends to no other host.
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "config/environment.hpp"
#include "config/load.hpp"
#include "daemon/alerts/http_answer.hpp"
#include "daemon/alerts/receiver.hpp"
#include "daemon/alerts/shown_secrets.hpp"
#include "daemon/alerts/words.hpp"
#include "daemon/net/http_client.hpp"
#include "daemon/net/proxy.hpp"
#include "version_info.hpp"

namespace affsync::alerts {
namespace {

// Scheme, host and port of an address, and what follows them.
struct Address {
  std::string origin;
  std::string target;
};

Address split(std::string const& url) {
  auto const begin = url.find("://") + 3;
  auto const end = std::min(url.find_first_of("/?", begin), url.size());
  Address address;
  address.origin = url.substr(0, end);
  address.target = url.substr(end);
  if (!address.target.starts_with('/')) address.target.insert(0, 1, '/');
  return address;
}

class HttpReceiver final : public Receiver {
 public:
  HttpReceiver(std::unique_ptr<net::HttpClient> client, config::AlertReceiver receiver,
               Secret target, Redactor secrets)
      : client_(std::move(client)),
        receiver_(std::move(receiver)),
        target_(std::move(target)),
        secrets_(std::move(secrets)) {}

  asio::awaitable<SendOutcome> send(Message message) override {
    auto outcome = co_await post(message);
    if (outcome.moved_to.empty() || outcome.moved_to == receiver_.telegram->chat) {
      co_return outcome;
    }
    auto const moved_to = receiver_.telegram->chat = outcome.moved_to;
    outcome = co_await post(message);
    outcome.moved_to = moved_to;
    co_return outcome;
  }

 private:
  asio::awaitable<SendOutcome> post(Message const& message) {
    bool const is_telegram = receiver_.telegram.has_value();
    HttpRequest request(Method::post, is_telegram ? "/(token)/sendMessage" : "/(webhook)");
    request.secret_target = target_;
    request.headers.add("Content-Type", "application/json; charset=utf-8");
    request.headers.add("Idempotency-Key", message.key);
    if (is_telegram) {
      request.body = telegram_json(message, receiver_.telegram->chat);
    } else {
      request.body = webhook_json(message);
      request.secret_headers = receiver_.webhook->headers;
    }
    SendOutcome outcome;
    try {
      auto const response = co_await client_->send(std::move(request));
      client_->close();  // the next message may be days away
      co_return judge_answer(response, is_telegram ? Speaks::telegram : Speaks::any, secrets_,
                             SystemClock().now());
    } catch (Failure const& failure) {
      // Its hint speaks of sources, and its place is the placeholder of the address.
      outcome.problem = shown_answer(secrets_.redact(failure.error().message));
    }
    outcome.said = outcome.problem;
    co_return outcome;
  }

  std::unique_ptr<net::HttpClient> client_;
  config::AlertReceiver receiver_;
  Secret target_;
  Redactor secrets_;
};

// What must not be shown of a webhook: all of its address, also where a peer quotes only a part.
Redactor secrets_of(config::AlertReceiver const& receiver, std::string const& target,
                    std::string const& host, std::optional<net::Proxy> const& proxy) {
  Redactor secrets;
  secrets.add(Secret(target));
  if (receiver.telegram) {
    auto const& token = receiver.telegram->token.reveal();
    secrets.add(receiver.telegram->token);
    secrets.add(Secret(token.substr(token.find(':') + 1)));
  }
  if (receiver.proxy) secrets.add(*receiver.proxy);
  if (proxy) {
    for (auto const& secret : proxy->secrets) secrets.add(secret);
  }
  if (!receiver.webhook) return secrets;
  secrets.add(receiver.webhook->url);
  for (auto const& [name, value] : receiver.webhook->headers) add_header(secrets, value);
  add_parts(secrets, target);
  bool const is_name = host.find_first_not_of("0123456789.:") != std::string::npos;
  if (is_name && host != "localhost") secrets.add(Secret(host));
  return secrets;
}

}  // namespace

Result<std::unique_ptr<Receiver>> make_http_receiver(asio::any_io_executor executor,
                                                     config::AlertReceiver const& receiver) {
  auto const fail = [&](Error error) {
    error.message = "the receiver " + receiver.name + ": " + error.message;
    error.where.clear();
    return error.at(receiver.where);
  };
  auto const url = receiver.webhook ? receiver.webhook->url.reveal() : receiver.telegram->api;
  auto address = split(url);
  if (receiver.telegram) {
    auto const path = address.target == "/" ? std::string() : address.target;
    address.target = (path.ends_with('/') ? path.substr(0, path.size() - 1) : path) + "/bot" +
                     receiver.telegram->token.reveal() + "/sendMessage";
  }
  auto origin = net::parse_origin(address.origin, receiver.allow_http);
  // The parser quotes what it was given, so say only what it takes.
  if (!origin) {
    return fail(Error(ErrorCode::config_invalid, "its address is not one of a server",
                      "Write https://, a host, perhaps a port, and a path."));
  }
  auto proxy = net::choose_proxy(receiver.proxy, config::process_environment(), *origin,
                                 receiver.allow_http);
  if (!proxy) return fail(proxy.error());

  net::ClientOptions options;
  options.origin = *origin;
  options.proxy = *proxy;
  options.ca_file = receiver.ca_file;
  options.user_agent = "affsync/" AFFSYNC_VERSION;
  options.idle_connections = 0;
  options.limits.header_bytes = 32 * 1024;
  options.limits.body_bytes = 1024 * 1024;
  options.limits.inflated_bytes = 1024 * 1024;
  options.deadlines.request = receiver.timeout;
  options.deadlines.read = receiver.timeout;
  options.deadlines.connect = std::min(options.deadlines.connect, receiver.timeout);
  options.deadlines.handshake = std::min(options.deadlines.handshake, receiver.timeout);
  auto client = net::make_http_client(executor, std::move(options));
  if (!client) return fail(client.error());
  auto secrets = secrets_of(receiver, address.target, origin->host, *proxy);
  return std::unique_ptr<Receiver>(std::make_unique<HttpReceiver>(
      std::move(*client), receiver, Secret(address.target), std::move(secrets)));
}

Result<std::unique_ptr<Receiver>> make_receiver(asio::any_io_executor executor,
                                                config::AlertReceiver const& receiver) {
  if (receiver.command) return make_command_receiver(receiver);
  return make_http_receiver(std::move(executor), receiver);
}

}  // namespace affsync::alerts
