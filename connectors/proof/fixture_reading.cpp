#include "connectors/proof/fixture_reading.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "connectors/engine/answer/classify.hpp"
#include "connectors/engine/answer/records.hpp"
#include "connectors/engine/request/auth.hpp"
#include "connectors/engine/rows/mapping.hpp"

namespace affsync::proof {
namespace {

using engine::AnswerClass;
using engine::SourcePlan;
using engine::StreamPlan;
using engine::StreamReader;
using engine::Verdict;

// Reads one fixture and collects what differs.
class Reading {
 public:
  Reading(SourcePlan const& plan, FixtureFolder const& folder, Fixture const& fixture)
      : plan_(plan), folder_(folder), fixture_(fixture) {}

  std::vector<Finding> run() {
    if (!fixture_.has("token") && fixture_.get("class", "ok") != "ok") {
      read_refusal();
    } else if (fixture_.of() == "login") {
      read_login();
    } else if (auto const stream = stream_of(plan_, fixture_.of())) {
      read_list(stream);
    } else {
      differ(Matter::answer, "`of: " + fixture_.of() + "` names no stream of the connector");
    }
    return std::move(findings_);
  }

 private:
  void differ(Matter matter, std::string text) {
    findings_.push_back({fixture_.label(), matter, std::move(text)});
  }
  void compare(Matter matter, std::string const& what, std::string const& wanted,
               std::string const& found) {
    if (wanted == found) return;
    differ(matter, what + " is `" + found + "`, expected `" + wanted + "`");
  }

  TimePoint time(Fixture const& fixture) const { return read_time(fixture).value(); }

  Verdict verdict_of(Fixture const& fixture, StreamPlan const* stream) const {
    if (stream == nullptr) {
      return engine::classify(response_of(fixture), plan_.errors, plan_.rate,
                              fixture.of() == "login", time(fixture));
    }
    return engine::classify(response_of(fixture), plan_.errors, plan_.rate, false, time(fixture),
                            stream->spec->good, stream->spec->document, &*stream->spec);
  }

  void compare_class(Verdict const& verdict, std::string const& wanted) {
    auto const found = std::string(to_string(verdict.answer_class));
    if (found == wanted) return;
    auto text = "the answer means `" + found + "` to the connector, expected `" + wanted + "`";
    if (verdict.error) text += " (" + verdict.error->message + ")";
    text += ". The rules under `errors` and `good` decide";
    differ(Matter::answer, std::move(text));
  }

  void read_refusal() {
    // Any request may be refused like this, so each stream has to understand it.
    std::vector<StreamPlan const*> streams;
    if (fixture_.of() == "any") {
      for (auto const& stream : plan_.streams) streams.push_back(stream.get());
    } else {
      streams.push_back(stream_of(plan_, fixture_.of()).get());
    }
    for (auto const* stream : streams) {
      auto const verdict = verdict_of(fixture_, stream);
      compare_class(verdict, fixture_.get("class"));
      auto const wait = verdict.wait ? std::to_string(verdict.wait->count() / 1000) : "none";
      compare(Matter::answer, "the wait in seconds", fixture_.get("wait", "none"), wait);
      if (!findings_.empty()) return;
    }
  }

  void read_login() {
    auto const* login = std::get_if<engine::LoginTokenAuth>(&plan_.auth);
    if (login == nullptr) return differ(Matter::login, "the connector has no login");
    auto const verdict = verdict_of(fixture_, nullptr);
    compare_class(verdict, "ok");
    if (!findings_.empty()) return;
    auto const response = response_of(fixture_);
    auto const token =
        engine::read_token(*login, verdict.body, time(fixture_), std::nullopt, response.headers);
    if (!token) return differ(Matter::login, token.error().message);
    compare(Matter::login, "the token", fixture_.get("token"), token->text.reveal());
    compare(Matter::login, "the end of the token", fixture_.get("expires"),
            format_time(token->expires_at));
  }

  Result<engine::PageRead> give(StreamReader& reader, StreamPlan const& stream,
                                Fixture const& fixture) {
    auto verdict = verdict_of(fixture, &stream);
    compare_class(verdict, fixture.get("class", "ok"));
    engine::Answer answer;
    answer.body = std::move(verdict.body);
    answer.headers = response_of(fixture).headers;
    answer.no_rows = verdict.answer_class == AnswerClass::empty;
    return reader.on_answer(answer, time(fixture));
  }

  void read_list(std::shared_ptr<StreamPlan const> const& stream) {
    auto const chain = chain_of(folder_, fixture_);
    if (!chain) return differ(Matter::paging, chain.error().message);
    auto const plan = stream_for(stream, {fixture_.get("item")});
    StreamReader reader(plan, start_of(*plan, fixture_));
    for (auto const* earlier : *chain) {
      if (earlier == &fixture_) break;
      auto const asked = reader.next_request();
      auto const read = asked ? give(reader, *stream, *earlier) : Result<engine::PageRead>(Error());
      if (!read) {
        return differ(Matter::paging, "the list ends before this answer: `" + earlier->name +
                                          "` is followed by no request");
      }
    }
    auto const request = reader.next_request();
    if (!request) {
      return differ(Matter::paging, "the list ends before this answer: nothing is requested");
    }
    compare_request("asked", *request);
    asked_ = reader.asked_for();
    auto const read = give(reader, *stream, fixture_);
    if (!read) return differ(Matter::rows, read.error().message);
    compare_page(*stream, *read);
    compare_next(reader);
  }

  void compare_request(std::string const& key, HttpRequest const& request) {
    auto const asked = fixture_.get(key);
    if (!asked.empty()) {
      auto const method = std::string(to_string(request.method)) + " ";
      auto const with_method = asked.find(" /") != std::string::npos;
      compare(Matter::request, "the request", asked,
              with_method ? method + request.target : request.target);
    }
    auto const sends = fixture_.get(key == "asked" ? "sends" : "next sends");
    if (!sends.empty()) compare(Matter::request, "the body of the request", sends, request.body);
  }

  void compare_next(StreamReader& reader) {
    auto const next = reader.next_request();
    if (!fixture_.has("next")) {
      return differ(Matter::paging, "`next` is missing: the request that follows, or `none`");
    }
    bool const none = fixture_.get("next") == "none";
    if (next && !none) return compare_request("next", *next);
    if (!next && none) return;
    compare(Matter::paging, "the request that follows", fixture_.get("next"),
            next ? next->target : "none");
  }

  void compare_page(StreamPlan const& stream, engine::PageRead const& page) {
    for (auto const& row : page.quarantined) {
      differ(Matter::rows, "a row cannot be mapped: " + row.reason + ": " + row.raw);
    }
    std::vector<std::string> raws;
    auto const found = rows_of(page, &raws);
    for (auto& text : row_differences(with_hashed_keys(fixture_.rows, found, stream.spec), found)) {
      differ(Matter::rows, std::move(text));
    }
    if (!fixture_.has_tables) {
      differ(Matter::rows, "no table is named; write `[" + std::string(stream.table().name) +
                               "]` alone if there are no rows");
    }
    compare_unmapped(stream);
    for (auto const& word : fixture_.words("never kept")) {
      for (auto const& raw : raws) {
        if (raw.find(word) == std::string::npos) continue;
        differ(Matter::privacy, "`" + word + "` would be kept in `raw`: " + raw);
        break;
      }
    }
    compare(Matter::totals, "the broker's count", fixture_.get("count", "none"),
            page.expected_rows ? std::to_string(*page.expected_rows) : "none");
    std::set<std::string> totals;
    if (page.slice_end) {
      for (auto const& total : page.slice_end->totals) {
        totals.insert(total.metric + "=" + total.value);
      }
    }
    compare(Matter::totals, "the broker's sums", join(fixture_.words("totals")),
            join({totals.begin(), totals.end()}));
  }

  static std::string join(std::vector<std::string> words) {
    std::ranges::sort(words);
    std::string text;
    for (auto const& word : words) text += (text.empty() ? "" : " ") + word;
    return text.empty() ? "none" : text;
  }

  // Fields that no table of the stream uses.
  void compare_unmapped(StreamPlan const& stream) {
    auto const verdict = verdict_of(fixture_, &stream);
    auto const records = engine::find_records(stream.spec, verdict.body, false, asked_);
    std::set<std::string> unmapped;
    if (records) {
      for (auto const* row : records->rows) {
        auto const main = engine::RowMapper(stream, stream.spec->map).unmapped_fields(*row);
        std::set<std::string> left(main.begin(), main.end());
        for (auto const& also : stream.spec->also) {
          auto const others = engine::RowMapper(stream, also).unmapped_fields(*row);
          std::erase_if(left, [&](auto const& one) { return !std::ranges::count(others, one); });
        }
        unmapped.merge(left);
      }
    }
    // A name may have blanks, so the words are compared as one text.
    std::string found;
    for (auto const& name : unmapped) found += (found.empty() ? "" : " ") + name;
    auto const wanted = join(fixture_.words("unmapped"));
    std::vector<std::string> names(unmapped.begin(), unmapped.end());
    auto const plain = std::ranges::none_of(
        names, [](auto const& name) { return name.find(' ') != std::string::npos; });
    if (found.empty()) found = "none";
    compare(Matter::unmapped, "what no mapping reads", plain ? wanted : fixture_.get("unmapped"),
            found);
  }

  SourcePlan const& plan_;
  FixtureFolder const& folder_;
  Fixture const& fixture_;
  engine::AskedFor asked_;  // by the request of a list
  std::vector<Finding> findings_;
};

}  // namespace

std::string_view to_string(Matter matter) {
  switch (matter) {
    case Matter::answer:
      return "meaning of answers";
    case Matter::request:
      return "requests";
    case Matter::rows:
      return "expected rows";
    case Matter::paging:
      return "next page";
    case Matter::totals:
      return "totals";
    case Matter::unmapped:
      return "unmapped fields";
    case Matter::privacy:
      return "personal data";
    case Matter::login:
      return "login";
  }
  return "";
}

std::vector<Finding> read_fixture(SourcePlan const& plan, FixtureFolder const& folder,
                                  Fixture const& fixture) {
  auto const time = read_time(fixture);
  if (!time) return {{fixture.label(), Matter::answer, time.error().message}};
  return Reading(plan, folder, fixture).run();
}

}  // namespace affsync::proof
