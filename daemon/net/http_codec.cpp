#include "daemon/net/http_codec.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "daemon/net/http_parser.hpp"
#include "daemon/net/inflate.hpp"
#include "daemon/net/mended_head.hpp"

namespace affsync::net {
namespace {

constexpr int max_interim_answers = 8;
constexpr std::string_view last_chunk = "0\r\n\r\n";
constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::string_view protocol = "HTTP/";

// What some servers call a content that is not encoded.
bool is_no_coding(std::string_view word) {
  return word == "none" || word == "utf-8" || word == "utf8";
}

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

// Such a line end is none in HTTP, so the end of the header would never come.
bool has_bare_line_feed(std::string_view head) {
  for (auto at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) {
    if (at == 0 || head[at - 1] != '\r') return true;
  }
  return false;
}

std::string shown_coding(std::string_view text) {
  std::string shown(text.substr(0, 40));
  for (char& c : shown) c = c >= ' ' && c <= '~' ? c : '?';
  return shown;
}

std::string in_mib(std::size_t bytes) {
  if (bytes < 1024 * 1024) return std::to_string(bytes) + " bytes";
  return std::to_string(bytes / (1024 * 1024)) + " MiB";
}

}  // namespace

struct ResponseDecoder::Impl final : MessageSink {
  Impl(ClientLimits const& its_limits, bool on_new) : limits(its_limits), is_first(on_new) {
    restart();
  }

  ClientLimits limits;
  bool is_first;  // answer on its connection
  std::optional<MessageParser<false>> parser;
  PendingBytes pending;
  std::optional<Inflater> inflater;
  HttpResponse response;
  std::size_t body_bytes = 0;  // as they came
  int interim_answers = 0;
  bool has_line = false;  // the status line of this header was read
  bool done = false;
  bool keep_alive = false;

  void restart() {
    has_line = false;
    response.headers = Headers();
    inflater.reset();  // an interim answer only announces what the answer will have
    parser.emplace(*this);
    parser->header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    parser->body_limit(limits.body_bytes);
  }

  void on_status(int status) override {
    response.status = status;
    has_line = true;
  }
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
  auto content = codings_of(response.headers, "Content-Encoding");
  std::erase_if(content, is_no_coding);
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
    auto const names = response.headers.find("Content-Encoding").value_or("");
    return Error(ErrorCode::malformed_answer, "the answer has the Content-Encoding \"" +
                                                  shown_coding(names) +
                                                  "\", but only gzip was asked for");
  }
  return {};
}

Result<void> ResponseDecoder::Impl::on_body(std::string_view piece) {
  body_bytes += piece.size();
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
                 "the answer's body is larger than " + in_mib(limits.body_bytes));
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
    // Some servers send an empty line before the first one.
    if (is_first && !has_line && view == "\r") break;
    if (is_first && !has_line && view.starts_with("\r\n")) {
      used += 2;
      continue;
    }
    // Beast 1.81 aborts (in a debug build) if the last chunk of an empty body comes in pieces.
    bool const in_pieces = view.size() < last_chunk.size() && last_chunk.starts_with(view);
    if (in_pieces && parser->is_header_done() && parser->chunked()) break;
    std::size_t taken = 0;
    if (!parser->is_header_done()) {
      // The parser gets a header as a whole: it remembers where in the bytes it has looked, and
      // those of a mended one are others. What is no HTTP is refused at once.
      auto const end = view.find(head_end);
      bool const may_be_one = (view.starts_with(protocol) || protocol.starts_with(view)) &&
                              !has_bare_line_feed(view.substr(0, end));
      if (end == std::string_view::npos && view.size() < limits.header_bytes && may_be_one) break;
      taken = std::min(end, limits.header_bytes) + head_end.size();
      bool const is_one = end != std::string_view::npos && may_be_one;
      if (!is_one || !needs_mending(view.substr(0, end + 2), true)) {
        taken = parser->put(boost::asio::const_buffer(view.data(), view.size()), error);
      } else {
        auto const head = mended_head(view.substr(0, taken), true);
        auto const put = parser->put(boost::asio::buffer(head), error);
        if ((!error || error == http::error::need_more) && put < head.size()) {
          error = http::error::bad_value;
        }
      }
    } else {
      taken = parser->put(boost::asio::const_buffer(view.data(), view.size()), error);
    }
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

ResponseDecoder::ResponseDecoder(ClientLimits const& limits, bool is_first)
    : impl_(std::make_unique<Impl>(limits, is_first)) {}
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

Result<void> ResponseDecoder::put_end(bool clean, std::string_view reason) {
  if (impl_->done) return {};
  auto& parser = *impl_->parser;
  if (clean && parser.is_header_done() && parser.need_eof()) {
    boost::beast::error_code error;
    parser.put_eof(error);
    impl_->response.ends_with_connection = !impl_->inflater;
    if (!error) return impl_->complete();
  }
  std::string text = "the connection ended inside the answer";
  if (parser.is_header_done()) {
    text += ", after " + std::to_string(impl_->body_bytes) + " bytes of its body";
    if (auto const length = parser.content_length()) {
      text += " (Content-Length: " + std::to_string(*length) + ")";
    }
  } else {
    text += "'s header, after " + std::to_string(impl_->response.bytes_received) + " bytes";
  }
  if (!reason.empty()) text += ": " + std::string(reason);
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
std::size_t ResponseDecoder::bytes() const {
  return impl_->response.bytes_received;
}
std::size_t ResponseDecoder::body_size() const {
  auto const here = impl_->response.body.size();
  auto const& parser = *impl_->parser;
  if (impl_->done || impl_->inflater || !parser.is_header_done()) return here;
  auto const length = parser.content_length().value_or(0);
  return std::max(here, static_cast<std::size_t>(length));
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
