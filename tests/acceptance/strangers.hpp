// Brokers with connectors written only from the connector documentation. Each test brings a
// connector file and a function that answers requests from its own books, and compares what affsync
// stores with those books.
#pragma once

#include <cctype>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/acceptance/fixture.hpp"
#include "tests/support/peer/scripted_peer.hpp"

namespace affsync::test {

// One request as the broker receives it.
struct Asked {
  std::string method, target, path, body, bytes;

  explicit Asked(std::string all) : bytes(std::move(all)) {
    auto const blank = bytes.find(' ');
    method = bytes.substr(0, blank);
    target = bytes.substr(blank + 1, bytes.find(' ', blank + 1) - blank - 1);
    path = target.substr(0, target.find('?'));
    auto const end = bytes.find("\r\n\r\n");
    if (end != std::string::npos) body = bytes.substr(end + 4);
  }
  std::string query() const {
    auto const at = target.find('?');
    return at == std::string::npos ? "" : target.substr(at + 1);
  }
  // A parameter of the query (or of a form), percent-decoded; "" if it is missing.
  std::string operator()(std::string const& name) const { return field(query(), name); }
  std::string form(std::string const& name) const { return field(body, name); }
  bool has(std::string const& name) const {
    return ("&" + query()).find("&" + name + "=") != std::string::npos;
  }
  int number(std::string const& name, int fallback) const {
    auto const text = (*this)(name);
    return text.empty() ? fallback : std::stoi(text);
  }
  std::string header(std::string const& name) const {
    for (std::size_t at = bytes.find("\r\n"); at != std::string::npos;) {
      auto const begin = at + 2, end = bytes.find("\r\n", begin);
      auto const line = bytes.substr(begin, end - begin);
      if (line.empty()) return "";
      if (line.size() > name.size() && line[name.size()] == ':' &&
          std::equal(name.begin(), name.end(), line.begin(),
                     [](unsigned char a, unsigned char b) { return tolower(a) == tolower(b); })) {
        auto const value = line.find_first_not_of(' ', name.size() + 1);
        return value == std::string::npos ? "" : line.substr(value);
      }
      at = end;
    }
    return "";
  }

 private:
  static std::string field(std::string const& pairs, std::string const& name) {
    auto const all = "&" + pairs;
    auto const at = all.find("&" + name + "=");
    if (at == std::string::npos) return "";
    auto const begin = at + name.size() + 2;
    auto const coded = all.substr(begin, all.find('&', begin) - begin);
    std::string out;
    for (std::size_t i = 0; i < coded.size(); ++i) {
      if (coded[i] == '%' && i + 2 < coded.size()) {
        out += static_cast<char>(std::stoi(coded.substr(i + 1, 2), nullptr, 16));
        i += 2;
      } else {
        out += coded[i] == '+' ? ' ' : coded[i];
      }
    }
    return out;
  }
};

inline std::string reply(std::string const& body, std::string const& status = "200 OK",
                         std::string const& headers = "",
                         std::string const& type = "application/json") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A JSON array of `count` rows from `begin` on.
inline std::string slice(std::vector<std::string> const& rows, std::size_t begin = 0,
                         std::size_t count = std::string::npos) {
  std::string out = "[";
  for (auto i = begin; i < rows.size() && i - begin < count; ++i) {
    out += (i == begin ? "" : ",") + rows[i];
  }
  return out + "]";
}

class Strangers : public Acceptance {
 protected:
  // An empty answer closes the connection; one of HTTP/1.0 ends with it.
  using Answer = std::function<std::string(Asked const&)>;

  void TearDown() override {
    peer_.reset();  // stop it before the test's own books are destroyed
    Acceptance::TearDown();
  }

  // Starts the broker. `yaml`: the connector without name and rate; the added rate does not slow
  // the test down.
  void start_own_broker(std::string const& yaml, std::string const& credentials, Answer answer) {
    answer_ = std::move(answer);
    peer_ = std::make_unique<ScriptedPeer>([this](PeerConnection& connection) {
      for (;;) {
        auto const bytes = connection.read_request();
        if (bytes.empty()) return;
        std::string out;
        {
          std::lock_guard const lock(mutex_);
          asked_.emplace_back(bytes);
          out = answer_(asked_.back());
        }
        if (out.empty() || !connection.send(out) || out.starts_with("HTTP/1.0")) return;
      }
    });
    connector = "stranger";
    credentials_yaml = credentials;
    base_url = peer_->url();
    replace_connector(yaml);
  }
  // Replaces the connector file.
  void replace_connector(std::string const& yaml) {
    auto const rate = yaml.find("rate:") == std::string::npos
                          ? "rate: {requests_per_second: 500, burst: 500}\n"
                          : "";
    use_connector("stranger", "name: stranger\n" + std::string(rate) + yaml);
  }
  // The requests since the last call, in order.
  std::vector<Asked> asked() {
    std::lock_guard const lock(mutex_);
    return std::exchange(asked_, {});
  }
  int asked_for(std::string const& path) {
    int count = 0;
    for (auto const& one : asked()) count += one.path == path ? 1 : 0;
    return count;
  }

  // Runs a pass; expect_not_leaked() searches its output for secrets.
  Synced pass(std::vector<std::string> const& arguments = {}) {
    auto synced = sync(arguments);
    printed_ += synced.out + synced.err;
    return synced;
  }
  Finished run_command(std::vector<std::string> const& arguments) {
    auto finished = affsync(arguments);
    printed_ += finished.out + finished.err;
    return finished;
  }
  // Runs a pass in which every stream succeeds and changes nothing.
  void expect_no_change(std::vector<std::string> const& arguments = {}) {
    auto const synced = pass(arguments);
    EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
    EXPECT_EQ(query("select coalesce(sum(inserted + updated + deleted + quarantined), 0)"
                    " from affsync.sync_run where run_id in (select max(run_id)"
                    " from affsync.sync_run group by source_id, stream)"),
              "0")
        << synced.out;
  }
  void expect_green(Synced const& synced, long inserted) {
    EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
    EXPECT_EQ(synced.of("rows", "status"), "succeeded") << synced.out;
    EXPECT_EQ(synced.count("rows", "inserted"), inserted) << synced.out;
  }
  // Keys and amounts of the live rows: "a=1.50 b=2".
  std::string live(std::string const& columns = "external_id || '=' || amount",
                   std::string const& table = "commission") const {
    return query("select coalesce(string_agg(" + columns + ", ' ' order by external_id), '')" +
                 " from affsync." + table + " where deleted_at is null");
  }
  std::string live_count(std::string const& table = "commission") const {
    return query("select count(*) from affsync." + table + " where deleted_at is null");
  }
  std::string marked(std::string const& table = "commission") const {
    return query(
        "select coalesce(string_agg(external_id, ' ' order by external_id), '')"
        " from affsync." +
        table + " where deleted_at is not null");
  }
  std::string open_reasons() const {
    return query(
        "select coalesce(string_agg(reason, ' | ' order by quarantine_id), '')"
        " from affsync.quarantine where resolved_at is null and accepted_at is null");
  }

  // Checks that no secret is in the output of any command or in any row of a table or view.
  void expect_not_leaked(std::vector<std::string> const& secrets) {
    for (std::string const command : {"check", "status", "quarantine"}) run_command({command});
    run_command({"inspect", "main", "rows"});
    std::string all = printed_;
    for (auto const& table :
         rows("select quote_ident(table_schema) || '.' || quote_ident(table_name)"
              " from information_schema.tables"
              " where table_schema in ('affsync', 'reporting')")) {
      all +=
          "\n" + table[0] + ": " + query("select string_agg(t::text, ' ') from " + table[0] + " t");
    }
    for (auto const& secret : secrets) {
      auto const at = all.find(secret);
      EXPECT_EQ(at, std::string::npos)
          << secret << " in: " << all.substr(at < 200 ? 0 : at - 200, 300);
    }
  }

 private:
  Answer answer_;
  std::mutex mutex_;  // each connection has its own thread
  std::vector<Asked> asked_;
  std::string printed_;
  std::unique_ptr<ScriptedPeer> peer_;
};

}  // namespace affsync::test
