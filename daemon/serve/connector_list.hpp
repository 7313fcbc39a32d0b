// The document of /api/connectors. To parse and write all connectors takes some tens of
// milliseconds, so it is made once, on another thread, and kept until the configuration is read
// again. Lives on the I/O thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/json.hpp"
#include "daemon/async/workers.hpp"
#include "daemon/serve/pending_call.hpp"

namespace affsync::serve {

namespace asio = boost::asio;

// Returns what makes the document {"connectors": […]}; that is called on another thread.
using MakeConnectors = std::function<std::function<std::string()>()>;

class ConnectorList {
 public:
  struct Document {
    std::string text;  // with the end of its line
    Json all;
  };
  using DocumentPtr = std::shared_ptr<Document const>;

  // `workers` is not owned; null: the document is made on this thread.
  ConnectorList(asio::any_io_executor executor, MakeConnectors make, async::Workers* workers)
      : executor_(std::move(executor)), make_(std::move(make)), workers_(workers) {}

  // Throws what making it throws, and Failure(timeout) after `limit`.
  asio::awaitable<DocumentPtr> get(std::chrono::milliseconds limit);
  // The next call makes it anew.
  void forget() { call_.reset(); }

 private:
  using Call = PendingCall<DocumentPtr>;

  asio::any_io_executor executor_;
  MakeConnectors make_;
  async::Workers* workers_;
  std::shared_ptr<Call> call_;  // keeps the document when it has ended
};

}  // namespace affsync::serve
