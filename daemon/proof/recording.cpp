#include "daemon/proof/recording.hpp"

#include <utility>

namespace affsync::proof {
namespace {

class RecordingClient final : public net::HttpClient {
 public:
  RecordingClient(std::unique_ptr<net::HttpClient> client, Recorder recorder)
      : client_(std::move(client)), recorder_(std::move(recorder)) {}

  net::asio::awaitable<HttpResponse> send(HttpRequest request) override {
    auto const asked = request;
    auto response = co_await client_->send(std::move(request));
    recorder_(asked, response);
    co_return response;
  }

  void close() override { client_->close(); }

 private:
  std::unique_ptr<net::HttpClient> client_;
  Recorder recorder_;
};

}  // namespace

std::function<std::unique_ptr<net::HttpClient>()> client_maker(
    boost::asio::any_io_executor executor, net::ClientOptions options, Recorder recorder) {
  return [executor, options = std::move(options), recorder = std::move(recorder)] {
    auto client = net::make_http_client(executor, options).value();
    if (!recorder) return client;
    return std::unique_ptr<net::HttpClient>(
        std::make_unique<RecordingClient>(std::move(client), recorder));
  };
}

}  // namespace affsync::proof
