// `affsync connectors record`: takes answers of a real account as fixtures, scrubbed. Reads at the
// usual rate and stores nothing in the database.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "base/random.hpp"
#include "connectors/proof/scrub.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/first_page.hpp"
#include "daemon/source_plans.hpp"
#include "daemon/sync/inbox.hpp"

namespace affsync::cli {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr int recorded_pages = 3;      // of a list
constexpr int recorded_requests = 40;  // until rows come

struct RecordedAnswer {
  HttpRequest request;
  HttpResponse response;
};

// Makes fixtures of a source's answers.
class Recording {
 public:
  Recording(App& app, RecordOptions options) : app_(app), options_(std::move(options)) {
    app_.record_answers([this](HttpRequest const& request, HttpResponse const& response) {
      answers_.push_back({request, response});
    });
  }

  asio::awaitable<void> run(sync::Observer& observer, Clock const& clock) {
    std::vector<std::string> const sources{options_.source};
    std::vector<std::string> streams = options_.streams;
    app_.start_existing_database();
    app_.wait_at_most(longest_wait_of_a_look);
    auto tasks = co_await app_.make_tasks(sources, streams, false, observer);
    for (auto const& task : tasks) {
      auto const& plan = task.session->plan();
      if (!scrubber_) scrubber_ = std::make_unique<proof::Scrubber>(plan, Secret(random_bytes(32)));
      connector_ = plan.connector;
      if (auto const error = task.plan->obstacle()) {
        skipped_.push_back(task.stream() + ": " + error->message);
        continue;
      }
      co_await read(task, clock);
    }
    if (tasks.empty()) throw Failure(ErrorCode::usage, "no stream is chosen");
    note_source(tasks.front().session->plan());
  }

  // Writes the files and returns their folder. Existing files are left alone.
  fs::path write() const {
    fs::path const folder = options_.to.empty() ? fs::path(connector_) : fs::path(options_.to);
    std::error_code error;
    fs::create_directories(folder, error);
    for (auto const& [name, text] : files_) {
      auto const file = folder / name;
      if (fs::exists(file)) {
        throw Failure(ErrorCode::usage, file.string() + " exists already",
                      "Name another folder with --to.");
      }
    }
    for (auto const& [name, text] : files_) {
      auto const file = folder / name;
      std::ofstream out(file, std::ios::binary);
      if (!(out << text) || !out.flush()) {
        throw Failure(ErrorCode::output_failed, file.string() + " cannot be written");
      }
    }
    return folder;
  }

  std::map<std::string, std::string> const& files() const { return files_; }
  std::vector<std::string> const& skipped() const { return skipped_; }

 private:
  asio::awaitable<void> read(sync::StreamTask const& task, Clock const& clock) {
    engine::ReaderStart start;
    start.mode = engine::ReadMode::full;
    start.now = clock.now();
    if (auto const& window = task.plan->spec->window; window && !window->changes) {
      start.since = std::chrono::floor<std::chrono::days>(start.now) -
                    std::chrono::days(3 * window->span_days - 1);
    }
    RunReport report;
    report.source = task.source();
    report.stream = task.stream();
    engine::StreamReader reader(task.plan, start);
    std::vector<std::string> chain;  // pages of the list so far
    for (int i = 0; i < recorded_requests && static_cast<int>(chain.size()) < recorded_pages; ++i) {
      auto request = reader.next_request();
      if (!request) break;
      auto const asked = *request;
      answers_.clear();
      auto answer = co_await task.session->fetch(std::move(*request), report);
      take_logins(task);
      if (!answer) {
        take_refusal(task, answer.error());
        if (reader.on_refusal(answer.error())) continue;
        co_return;
      }
      auto const now = clock.now();
      auto page = reader.on_answer(*answer, now);
      if (!page) {
        skipped_.push_back(task.stream() + ": " +
                           task.session->withhold_secrets(page.error().to_line()));
        co_return;
      }
      auto const next = reader.next_request();
      if (page->rows_read > 0) {
        auto const name =
            task.stream() + (chain.empty() ? "" : "_page" + std::to_string(chain.size() + 1));
        take_page(task, name, chain, asked, next, *page, now);
        chain.push_back(name);
        if (page->slice_end) co_return;
      }
    }
  }

  static std::string extension_of(HttpResponse const& response) {
    auto const type = response.headers.find("Content-Type").value_or("application/json");
    if (type.find("csv") != std::string_view::npos) return ".csv";
    if (type.find("xml") != std::string_view::npos) return ".xml";
    return ".json";
  }

  // Adds a body that is JSON; others cannot be scrubbed value by value, so they are not written.
  bool add_body(std::string const& name, HttpResponse const& response,
                std::function<Json(Json const&)> const& scrub) {
    auto const body = parse_json(response.body);
    if (!body) {
      auto const kind = extension_of(response);
      skipped_.push_back(name + ": the answer is no JSON" +
                         (kind == ".json" ? std::string() : " (" + kind + ")") +
                         ", and only JSON can be scrubbed; it was not written");
      return false;
    }
    files_[name + ".json"] = scrub(*body).dump() + "\n";
    return true;
  }

  std::string header_lines(HttpResponse const& response) const {
    std::string lines;
    for (auto const* name : {"Retry-After", "X-Total-Count", "Link"}) {
      if (auto const value = response.headers.find(name)) {
        bool const count = value->find_first_not_of("0123456789") == std::string_view::npos;
        lines += std::string("header: ") + name + ": " +
                 (count ? std::string(*value) : scrubber_->text(*value)) + "\n";
      }
    }
    return lines;
  }

  void take_page(sync::StreamTask const& task, std::string const& name,
                 std::vector<std::string> const& chain, HttpRequest const& asked,
                 std::optional<HttpRequest> const& next, engine::PageRead const& page,
                 TimePoint now) {
    auto const& plan = *task.plan;
    if (answers_.empty()) return;
    auto const& response = answers_.back().response;
    auto scrub = [&](Json const& body) { return scrubber_->answer(plan, body); };
    if (!add_body(name, response, scrub)) return;
    std::string text =
        "# An answer of a real account; its names, ids and amounts are replaced.\n"
        "of: " +
        task.stream() + "\nevidence: third_party\n";
    text += "read: " + format_time(std::chrono::floor<std::chrono::seconds>(now)) + "\n";
    text += header_lines(response);
    if (page.scope && page.scope->slice.from && page.scope->slice.to) {
      text += "days: " + format_day(*page.scope->slice.from) + " " +
              format_day(*page.scope->slice.to) + "\n";
    }
    if (!chain.empty()) {
      text += "after:";
      for (auto const& earlier : chain) text += " " + earlier;
      text += "\n";
    }
    // The request is what this connector made, not what the vendor's document says.
    text += "# asked: " + std::string(asked.method == Method::post ? "POST " : "") +
            scrubber_->target(plan, asked.target) + "\n";
    if (!asked.body.empty()) text += "# sends: " + scrubber_->text(asked.body) + "\n";
    text +=
        "# next: " +
        (next && !page.slice_end ? scrubber_->target(plan, next->target) : std::string("none")) +
        "\n";
    text += "# Compare these two with the vendor's document, then remove the # in front.\n";
    text +=
        "# Write the rows by hand, from the answer and the vendor's description of its fields:\n";
    text +=
        "# what the program prints would only repeat its own mistakes. Then remove the # below.\n";
    text += "# unmapped: none\n# never kept: none\n\n";
    text += table_header(plan.spec->map);
    for (auto const& also : plan.spec->also) text += "\n" + table_header(also);
    files_[name + ".expected"] = std::move(text);
  }

  static std::string table_header(engine::TableMapping const& mapping) {
    std::string text = "[" + std::string(mapping.table->name) + "]\n";
    std::string names = mapping.table->keeps_records() ? "external_id" : "";
    for (auto const& column : mapping.columns) {
      names += (names.empty() ? "" : " | ") + column.column;
    }
    return text + names + "\n";
  }

  void take_logins(sync::StreamTask const& task) {
    auto const* login = std::get_if<engine::LoginTokenAuth>(&task.session->plan().auth);
    if (login == nullptr || files_.contains("login.json")) return;
    for (auto const& answer : answers_) {
      bool const good = answer.response.status < 300;
      if (!good || answer.request.method != login->login.method ||
          !answer.request.target.starts_with(login->login.path)) {
        continue;
      }
      auto scrub = [&](Json const& body) { return scrubber_->other(body); };
      if (!add_body("login", answer.response, scrub)) return;
      files_["login.expected"] =
          "# An answer of a real account; its token is replaced.\nof: login\n"
          "evidence: third_party\n# Write the token of the answer, and when it expires:\n"
          "# token: \n# expires: \n";
      return;
    }
  }

  void take_refusal(sync::StreamTask const& task, Error const& error) {
    if (answers_.empty()) {  // the broker was not asked, or did not answer
      skipped_.push_back(task.stream() + ": " + task.session->withhold_secrets(error.to_line()));
      return;
    }
    auto const& response = answers_.back().response;
    auto const name = "refused_" + std::to_string(response.status) + "_" + task.stream();
    auto scrub = [&](Json const& body) { return scrubber_->answer(*task.plan, body); };
    if (!add_body(name, response, scrub)) return;
    files_[name + ".expected"] =
        "# A refusal of a real account.\nof: " + task.stream() +
        "\nevidence: third_party\nstatus: " + std::to_string(response.status) + "\n" +
        header_lines(response) +
        "# What it means, by the vendor's document; to this connector it is `" +
        std::string(to_string(error.code)) + "`:\n# class: \n";
  }

  void note_source(engine::SourcePlan const& plan) {
    std::string names;
    for (auto const& [name, value] : plan.credentials) names += " " + name;
    std::string text = "base_url: https://broker.example" + base_path(plan) + "\n";
    if (!names.empty()) text += "credentials:" + names + "\n";
    files_["source"] = std::move(text);
  }

  std::string base_path(engine::SourcePlan const& plan) const {
    if (sync::folder_of(plan.base_url)) return {};  // a folder of this machine is nobody's business
    auto const scheme = plan.base_url.find("://");
    auto const path = plan.base_url.find('/', scheme + 3);
    return path == std::string::npos ? "" : plan.base_url.substr(path);
  }

  App& app_;
  RecordOptions options_;
  std::string connector_;
  std::unique_ptr<proof::Scrubber> scrubber_;
  std::vector<RecordedAnswer> answers_;  // of the last request
  std::map<std::string, std::string> files_;
  std::vector<std::string> skipped_;
};

}  // namespace

int run_connectors_record(CommonOptions const& common, RecordOptions const& options) {
  App app(common.config_file, common.verbose ? LogLevel::debug : LogLevel::error);
  sync::Observer observer;
  SystemClock clock;
  Recording recording(app, options);
  app.run(recording.run(observer, clock));
  auto const folder = recording.write();
  std::cout << "Wrote to " << folder.string() << ":\n";
  for (auto const& [name, text] : recording.files()) std::cout << "  " << name << "\n";
  std::cout << "Look through the files before you share them. Each .expected has comments that say "
               "what to write by hand; then run `affsync connectors test`.\n";
  for (auto const& text : recording.skipped())
    std::cerr << "affsync: not recorded: " << text << "\n";
  return recording.skipped().empty() ? 0 : 1;
}

}  // namespace affsync::cli
