// The environment of the torture test: a private PostgreSQL, sandbox brokers, a configuration file,
// processes, and a log of the steps.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/embedded/cluster.hpp"
#include "tests/support/sandbox_process.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/torture/broker_kinds.hpp"
#include "tests/torture/children.hpp"
#include "tests/torture/fault_specs.hpp"

namespace affsync::torture {

struct Broker {
  BrokerKind const* kind;
  std::string source;  // its name in the configuration
  std::unique_ptr<test::SandboxProcess> process;
  int days_left = 0;  // by which its history can still be extended
};

class Stage {
 public:
  // `program`: the affsync under test; empty: that of this build.
  Stage(Random& random, std::string program);
  ~Stage();

  std::vector<Broker>& brokers() { return brokers_; }
  Children& children() { return children_; }
  Children const& children() const { return children_; }
  std::string database_url() const { return cluster_->url(); }

  // Adds a line to the step log, with the seconds since the start.
  void note(std::string const& text);
  void problem(std::string text);
  std::vector<std::string> const& problems() const { return problems_; }
  std::string log() const;

  // Writes a new configuration. The random one may leave sources out.
  void configure(Random& random);
  void configure_for_the_end();
  test::ProcessOptions affsync(std::vector<std::string> arguments) const;
  void start_daemon(std::string name);
  // Sends a command to a broker. A refusal is only logged, since the broker may have run out of
  // rows.
  void control(Broker& broker, std::map<std::string, std::string> const& parameters);

  std::vector<std::vector<std::string>> rows(std::string const& sql) const;
  std::string value(std::string const& sql) const;
  void end_backends();
  // Immediate shutdown of the server. The cluster restarts it by itself.
  void crash_database();
  void wait_for_database();
  // Returns an SQL condition: sessions were ended or the server crashed between two times.
  std::string outage_between(std::string const& from, std::string const& to) const;

 private:
  struct SourceText {
    std::string every, privacy, mass_drop;
    std::size_t page_size = 40;
  };
  void write_configuration(std::vector<std::string> const& sources);
  std::string source_text(Broker const& broker, SourceText const& how) const;
  void make_brokers(Random& random);
  void note_outage();

  std::string const program_;
  Clock::time_point const began_ = Clock::now();
  test::TempDir dir_;
  std::unique_ptr<embedded::Cluster> cluster_;
  std::optional<Clock::time_point> last_outage_;
  std::vector<std::string> outages_;  // the times of all outages, as SQL literals
  std::vector<Broker> brokers_;
  std::vector<std::string> log_, problems_;
  Children children_;
};

}  // namespace affsync::torture
