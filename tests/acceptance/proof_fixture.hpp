// A small broker for the tests of `affsync connectors test`: a connector file with its answers, in
// which a test changes one thing to see it caught.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/acceptance/fixture.hpp"

namespace affsync::test {

// What one check of one stream found.
struct Checked {
  std::string result;
  std::string details;
};

struct Proven {
  int status = 0;
  std::string out, err;
  std::map<std::string, Checked> checks;  // "stream/check"

  Checked check(std::string const& name) const;
  // The checks that failed.
  std::vector<std::string> failed() const;
};

class Proof : public Acceptance {
 protected:
  // The files, by name: broker.yaml, broker/source, broker/….
  std::map<std::string, std::string> files = broker_files();

  // Replaces a text that must occur in the file.
  void replace(std::string const& file, std::string const& from, std::string const& to);
  Proven prove() const;

 private:
  static std::map<std::string, std::string> broker_files();
};

}  // namespace affsync::test
