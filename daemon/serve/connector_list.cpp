#include "daemon/serve/connector_list.hpp"

#include <utility>

namespace affsync::serve {
namespace {

asio::awaitable<ConnectorList::DocumentPtr> make_document(std::function<std::string()> make,
                                                          async::Workers* workers) {
  auto work = [text_of = std::move(make)]() -> ConnectorList::DocumentPtr {
    auto document = std::make_shared<ConnectorList::Document>();
    document->text = text_of();
    document->all = parse_json(document->text).value();
    document->text += '\n';
    return document;
  };
  if (workers == nullptr) co_return work();
  co_return co_await workers->run(std::move(work));
}

}  // namespace

asio::awaitable<ConnectorList::DocumentPtr> ConnectorList::get(std::chrono::milliseconds limit) {
  if (!call_) call_ = Call::start(executor_, make_document(make_(), workers_));
  auto const call = call_;
  try {
    co_return co_await Call::wait(call, limit, "the list of connectors");
  } catch (std::exception const&) {
    if (call_ == call && call->done()) call_.reset();  // it is tried again
    throw;
  }
}

}  // namespace affsync::serve
