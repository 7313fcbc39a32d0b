#include "daemon/net/http_codec.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "daemon/net/http_parser.hpp"
#include "daemon/net/inflate.hpp"

namespace affsync::net {
namespace {

constexpr int max_interim_answers = 8;
constexpr std::string_view last_chunk = "0\r\n\r\n";

// Returns the codings of a header in order, in lower case, without spaces and "identity".
std::vector<std::string> codings_of(Headers const& headers, std::string_view name) {
  std::vector<std::string> codings;
  for (auto const& [field, value] : headers.fields()) {
    if (!equal_without_case(field, name)) continue;
    std::string word;
    for (char const c : to_lower(value) + ",") {
      if (c != ',') {
        if (c != ' ' && c != '\t') word += c;
        continue;
      }
      if (!word.empty() && word != "identity") codings.push_back(word);
      word.clear();
    }
  }
  return codings;
}

std::string in_mib(std::size_t bytes) {
  if (bytes < 1024 * 1024) return std::to_string(bytes) + " bytes";
  return std::to_string(bytes / (1024 * 1024)) + " MiB";
}

}  // namespace

struct ResponseDecoder::Impl final : MessageSink {
  explicit Impl(ClientLimits const& its_limits) : limits(its_limits) { restart(); }

  ClientLimits limits;
  std::optional<MessageParser<false>> parser;
  PendingBytes pending;
  std::optional<Inflater> inflater;
  HttpResponse response;
  int interim_answers = 0;
  bool done = false;
  bool keep_alive = false;

  void restart() {
    response.headers = Headers();
    inflater.reset();  // an interim answer only announces what the answer will have
    parser.emplace(*this);
    parser->header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    parser->body_limit(limits.body_bytes);
  }

  void on_status(int status) override { response.status = status; }
  void on_field(std::string_view name, std::string_view value) override {
    response.headers.add(std::string(name), std::string(value));
  }
  Result<void> on_header_end() override;
  Result<void> on_body(std::string_view piece) override;
  Result<bool> parse(std::string_view bytes, std::size_t& used);
  Error to_error(boost::beast::error_code error) const;
  Result<void> complete();
};

Result<void> ResponseDecoder::Impl::on_header_end() {
  if (response.status < 100) {
    return Error(ErrorCode::malformed_answer,
                 "the answer has the invalid status " + std::to_string(response.status));
  }
  auto const transfer = codings_of(response.headers, "Transfer-Encoding");
  if (!transfer.empty() && (transfer.size() > 1 || transfer[0] != "chunked")) {
    return Error(ErrorCode::malformed_answer, "the answer has an unknown Transfer-Encoding");
  }
  auto const content = codings_of(response.headers, "Content-Encoding");
  if (content.empty()) {
    // A length that is only claimed must not take memory that no answer fills.
    constexpr std::uint64_t most = 1 << 20;
    auto const length = parser->content_length();
    if (length) response.body.reserve(static_cast<std::size_t>(std::min(*length, most)));
    return {};
  }
  InflateLimits caps;
  caps.bytes = limits.inflated_bytes;
  if (content.size() == 1 && (content[0] == "gzip" || content[0] == "x-gzip")) {
    inflater.emplace(Compression::gzip, caps);
  } else if (content.size() == 1 && content[0] == "deflate") {
    inflater.emplace(Compression::deflate, caps);
  } else {
    return Error(ErrorCode::malformed_answer,
                 "the answer has a Content-Encoding that was not asked for");
  }
  return {};
}

Result<void> ResponseDecoder::Impl::on_body(std::string_view piece) {
  if (inflater) return inflater->put(piece, response.body);
  response.body += piece;
  return {};
}

Error ResponseDecoder::Impl::to_error(boost::beast::error_code error) const {
  if (parser->refusal) return *parser->refusal;
  if (error == http::error::header_limit) {
    return Error(ErrorCode::answer_too_large,
                 "the answer's header is larger than " + in_mib(limits.header_bytes));
  }
  if (error == http::error::body_limit) {
    return Error(ErrorCode::answer_too_large,
                 "the answer's body is larger than " + in_mib(limits.body_bytes),
                 "Set a smaller page_size.");
  }
  if (!parser->is_header_done() && response.status == 0) {
    return Error(ErrorCode::malformed_answer, "the peer does not answer in HTTP/1.1",
                 "Check the scheme and port in base_url.");
  }
  return Error(ErrorCode::malformed_answer, "the answer is not valid HTTP: " + error.message());
}

Result<bool> ResponseDecoder::Impl::parse(std::string_view bytes, std::size_t& used) {
  while (used < bytes.size()) {
    boost::beast::error_code error;
    auto const view = bytes.substr(used);
    // Beast 1.81 aborts (in a debug build) if the last chunk of an empty body comes in pieces.
    bool const in_pieces = view.size() < last_chunk.size() && last_chunk.starts_with(view);
    if (in_pieces && parser->is_header_done() && parser->chunked()) break;
    std::size_t const taken =
        parser->put(boost::asio::const_buffer(view.data(), view.size()), error);
    used += taken;
    if (error && error != http::error::need_more) return to_error(error);
    if (parser->is_done()) {
      if (response.status >= 200) {
        auto const whole = complete();
        if (!whole) return whole.error();
        return true;
      }
      if (response.status == 101) {
        return Error(ErrorCode::malformed_answer,
                     "the peer switched to another protocol without a request for it");
      }
      if (++interim_answers > max_interim_answers) {
        return Error(ErrorCode::malformed_answer, "the peer sends too many interim answers");
      }
      restart();
      continue;
    }
    if (error == http::error::need_more || taken == 0) break;
  }
  return false;
}

Result<void> ResponseDecoder::Impl::complete() {
  done = true;
  keep_alive = parser->keep_alive();
  return inflater ? inflater->finish() : Result<void>();
}

ResponseDecoder::ResponseDecoder(ClientLimits const& limits)
    : impl_(std::make_unique<Impl>(limits)) {}
ResponseDecoder::ResponseDecoder(ResponseDecoder&&) noexcept = default;
ResponseDecoder& ResponseDecoder::operator=(ResponseDecoder&&) noexcept = default;
ResponseDecoder::~ResponseDecoder() = default;

Result<std::size_t> ResponseDecoder::put(std::string_view bytes) {
  if (impl_->done) return std::size_t(0);
  auto const used = impl_->pending.put(
      bytes, impl_->limits.header_bytes,
      [this](std::string_view view, std::size_t& taken) { return impl_->parse(view, taken); });
  if (!used) {
    auto const ended = give_up(used.error());
    return ended ? Result<std::size_t>(bytes.size()) : used;
  }
  impl_->response.bytes_received += *used;
  return used;
}

Result<void> ResponseDecoder::put_end(bool clean) {
  if (impl_->done) return {};
  auto& parser = *impl_->parser;
  if (clean && parser.is_header_done() && parser.need_eof()) {
    boost::beast::error_code error;
    parser.put_eof(error);
    impl_->response.ends_with_connection = !impl_->inflater;
    if (!error) return impl_->complete();
  }
  std::string text = "the connection ended inside the answer, after " +
                     std::to_string(impl_->response.bytes_received) + " bytes";
  if (auto const length = impl_->response.headers.find("Content-Length")) {
    text += " (Content-Length: " + std::string(length->substr(0, 20)) + ")";
  }
  return give_up(Error(ErrorCode::truncated, text));
}

Result<void> ResponseDecoder::give_up(Error why) {
  constexpr int first_refusal = 300;
  if (impl_->response.status < first_refusal) return why;
  impl_->response.body.clear();
  impl_->response.flaw = std::move(why);
  impl_->done = true;
  impl_->keep_alive = false;
  return {};
}

bool ResponseDecoder::is_done() const {
  return impl_->done;
}
bool ResponseDecoder::has_begun() const {
  return impl_->response.bytes_received > 0;
}
bool ResponseDecoder::has_status() const {
  return impl_->response.status != 0;
}
bool ResponseDecoder::keeps_alive() const {
  return impl_->done && impl_->keep_alive;
}
HttpResponse ResponseDecoder::take() {
  return std::move(impl_->response);
}

struct RequestDecoder::Impl final : MessageSink {
  explicit Impl(std::size_t limit) : header_bytes(limit), parser(*this) {
    parser.header_limit(static_cast<std::uint32_t>(limit));
    parser.eager(false);  // do not read a body
  }
  std::size_t header_bytes;
  MessageParser<true> parser;
  PendingBytes pending;
  IncomingRequest request;
  bool begun = false;

  void on_request_line(std::string_view method, std::string_view target, int version) override {
    request.method = method;
    request.target = target;
    request.is_old = version < 11;
  }
  void on_field(std::string_view name, std::string_view value) override {
    request.headers.add(std::string(name), std::string(value));
  }
  Result<void> on_header_end() override { return {}; }
  Result<void> on_body(std::string_view) override { return {}; }

  Result<bool> parse(std::string_view bytes, std::size_t& used) {
    boost::beast::error_code error;
    while (used < bytes.size() && !parser.is_header_done()) {
      auto const view = bytes.substr(used);
      std::size_t const taken =
          parser.put(boost::asio::const_buffer(view.data(), view.size()), error);
      used += taken;
      if (error == http::error::need_more || (!error && taken == 0)) break;
      if (error == http::error::header_limit) {
        return Error(ErrorCode::answer_too_large, "the request's header is too large");
      }
      if (error) return Error(ErrorCode::bad_request, "not an HTTP request: " + error.message());
    }
    return parser.is_header_done();
  }
};

RequestDecoder::RequestDecoder(std::size_t header_bytes)
    : impl_(std::make_unique<Impl>(header_bytes)) {}
RequestDecoder::RequestDecoder(RequestDecoder&&) noexcept = default;
RequestDecoder& RequestDecoder::operator=(RequestDecoder&&) noexcept = default;
RequestDecoder::~RequestDecoder() = default;

Result<std::size_t> RequestDecoder::put(std::string_view bytes) {
  impl_->begun = impl_->begun || !bytes.empty();
  return impl_->pending.put(
      bytes, impl_->header_bytes,
      [this](std::string_view view, std::size_t& taken) { return impl_->parse(view, taken); });
}

bool RequestDecoder::is_done() const {
  return impl_->parser.is_header_done();
}
bool RequestDecoder::has_begun() const {
  return impl_->begun;
}

IncomingRequest RequestDecoder::take() {
  auto& request = impl_->request;
  request.keep_alive = impl_->parser.keep_alive();
  auto const length = impl_->parser.content_length();
  request.has_body = impl_->parser.chunked() || (length && *length > 0);
  return std::move(request);
}

}  // namespace affsync::net
