// Internal to http_codec: Beast's parser, which calls a sink, and the buffer for input that is not
// complete yet. The parser itself stores nothing of a message; its owner does.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace affsync::net {

namespace http = boost::beast::http;
using BeastText = boost::beast::string_view;

inline std::string_view to_std(BeastText text) {
  return {text.data(), text.size()};
}

// Receives what the parser finds.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  virtual void on_request_line(std::string_view, std::string_view, int) {}
  virtual void on_status(int) {}
  virtual void on_field(std::string_view name, std::string_view value) = 0;
  virtual Result<void> on_header_end() = 0;
  virtual Result<void> on_body(std::string_view piece) = 0;
};

template <bool is_request>
class MessageParser final : public http::basic_parser<is_request> {
  using error_code = boost::beast::error_code;

 public:
  explicit MessageParser(MessageSink& sink) : sink_(&sink) { this->eager(true); }

  // The sink's error, if put() failed because of it.
  std::optional<Error> refusal;

 private:
  void on_request_impl(http::verb, BeastText method, BeastText target, int version,
                       error_code&) override {
    sink_->on_request_line(to_std(method), to_std(target), version);
  }
  void on_response_impl(int code, BeastText, int, error_code&) override { sink_->on_status(code); }
  void on_field_impl(http::field, BeastText name, BeastText value, error_code&) override {
    // Ignore fields after the body (trailers): they must not be taken for header fields.
    if (!header_ended_) sink_->on_field(to_std(name), to_std(value));
  }
  void on_header_impl(error_code& error) override {
    header_ended_ = true;
    judge(sink_->on_header_end(), error);
  }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(BeastText piece, error_code& error) override {
    judge(sink_->on_body(to_std(piece)), error);
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, BeastText, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastText piece, error_code& error) override {
    judge(sink_->on_body(to_std(piece)), error);
    return piece.size();
  }
  void on_finish_impl(error_code&) override {}

  void judge(Result<void> const& verdict, error_code& error) {
    if (verdict) return;
    refusal = verdict.error();
    error = http::error::bad_value;
  }

  MessageSink* sink_;
  bool header_ended_ = false;
};

// Feeds a parser and keeps the bytes that it cannot use yet (an incomplete header line).
class PendingBytes {
 public:
  // `parse(view, used)` uses what it can and returns whether the message is complete. Returns how
  // many of `bytes` were used: all of them as long as the message is not complete.
  template <class Parse>
  Result<std::size_t> put(std::string_view bytes, std::size_t limit, Parse parse) {
    std::size_t const before = pending_.size();
    if (before > 0) pending_ += bytes;
    std::string_view const all = before > 0 ? std::string_view(pending_) : bytes;
    std::size_t used = 0;
    Result<bool> const complete = parse(all, used);
    if (!complete) return complete.error();
    if (*complete) return used > before ? used - before : 0;
    if (before > 0) {
      pending_.erase(0, used);
    } else {
      pending_.assign(bytes.substr(used));
    }
    if (pending_.size() > limit) {
      return Error(ErrorCode::answer_too_large,
                   "a header is larger than " + std::to_string(limit) + " bytes");
    }
    return bytes.size();
  }

 private:
  std::string pending_;
};

}  // namespace affsync::net
