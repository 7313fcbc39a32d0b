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
    response.place.reset();  // what is recorded keeps no other answer from being read
    recorder_(asked, response);
    co_return response;
  }

  void close() override { client_->close(); }

 private:
  std::unique_ptr<net::HttpClient> client_;
  Recorder recorder_;
};

}  // namespace

ClientMaker recorded(ClientMaker make, Recorder recorder) {
  if (!recorder) return make;
  return [make = std::move(make), recorder = std::move(recorder)] {
    return std::unique_ptr<net::HttpClient>(std::make_unique<RecordingClient>(make(), recorder));
  };
}

}  // namespace affsync::proof
