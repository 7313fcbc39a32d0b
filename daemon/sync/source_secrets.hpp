// What must not be told of a source: its credentials, the tokens it gave and what was made of them,
// taken out of texts that quote the broker. Without I/O.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/redact.hpp"
#include "base/secret.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::sync {

class SourceSecrets {
 public:
  // Knows the credentials of `plan`, which must stay in place.
  explicit SourceSecrets(engine::SourcePlan const& plan);
  SourceSecrets(SourceSecrets const&) = delete;
  SourceSecrets& operator=(SourceSecrets const&) = delete;

  // A token or a header's value that goes out from now on. The last few are known.
  void note_sent(Secret const& secret);

  // Takes all of them out of everything that an error says, or out of any other text that is to be
  // shown or stored.
  void withhold(Error& error) const;
  std::string withhold(std::string text) const { return shown_.redact(std::move(text)); }

  // For rows: what cannot be a word of theirs. Never null.
  std::shared_ptr<Redactor const> const& for_rows() const { return stored_; }

 private:
  void renew();

  engine::SourcePlan const& plan_;
  std::vector<Secret> sent_;                // tokens and header values that went out lately
  Redactor shown_;                          // for what is told: everything that was given or sent
  std::shared_ptr<Redactor const> stored_;  // for rows
};

}  // namespace affsync::sync
