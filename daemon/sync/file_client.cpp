#include "daemon/sync/file_client.hpp"

#include <chrono>
#include <utility>

#include "daemon/sync/inbox.hpp"

namespace affsync::sync {
namespace {

namespace fs = std::filesystem;

// The path of a target as a connector wrote it.
std::string decoded_path(std::string_view target) {
  target = target.substr(0, target.find('?'));
  auto const digit = [](char c) {
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
  };
  std::string path;
  for (std::size_t i = 0; i < target.size(); ++i) {
    bool const is_coded = target[i] == '%' && i + 2 < target.size() && digit(target[i + 1]) >= 0 &&
                          digit(target[i + 2]) >= 0;
    path +=
        is_coded ? static_cast<char>(digit(target[i + 1]) * 16 + digit(target[i + 2])) : target[i];
    if (is_coded) i += 2;
  }
  return path;
}

class FileClient final : public net::HttpClient {
 public:
  explicit FileClient(fs::path folder) : folder_(std::move(folder)) {}

  net::asio::awaitable<HttpResponse> send(HttpRequest request) override {
    auto const pattern = pattern_of(decoded_path(request.target));
    auto const now = std::chrono::system_clock::now();
    auto files = list_inbox(folder_, pattern, now).whole;
    auto const done = folder_ / "done";
    if (files.empty() && fs::is_directory(fs::symlink_status(done))) {
      files = list_inbox(done, pattern, now).whole;
    }
    if (files.empty()) {
      throw Failure(
          ErrorCode::not_found,
          "no file fits " + pattern + " in " + folder_.string() + " or its subfolder done",
          "Put an export of the broker there, or change `path` of the stream.");
    }
    auto const where = files.back().path.string();
    auto bytes = read_inbox_file(files.back());
    if (!bytes) {
      auto error = bytes.error();
      throw Failure(std::move(error.at(where)));
    }
    if (!*bytes) {
      Error error(ErrorCode::bad_request, "the file was changed a moment ago",
                  "Try again once it is whole.");
      throw Failure(std::move(error.at(where)));
    }
    HttpResponse response;
    response.status = 200;
    response.bytes_received = (*bytes)->size();
    response.body = std::move(**bytes);
    co_return response;
  }

  void close() override {}

 private:
  fs::path folder_;
};

}  // namespace

std::unique_ptr<net::HttpClient> make_file_client(fs::path folder) {
  return std::make_unique<FileClient>(std::move(folder));
}

}  // namespace affsync::sync
