// Removes a source's secrets from texts that quote the broker: its credentials, its tokens and the
// header values made from them. Performs no I/O.
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
  // Covers the credentials of `plan`, which must outlive this object at the same address.
  explicit SourceSecrets(engine::SourcePlan const& plan);
  SourceSecrets(SourceSecrets const&) = delete;
  SourceSecrets& operator=(SourceSecrets const&) = delete;

  // Adds a token or header value that is sent from now on. Only the last few are kept.
  void note_sent(Secret const& secret);

  // Redacts all secrets in the texts of an error, or in any other text to be shown or stored.
  void withhold(Error& error) const;
  std::string withhold(std::string text) const { return shown_.redact(std::move(text)); }

  // The redactor for rows: only secrets that cannot be ordinary values of a row. Never null.
  std::shared_ptr<Redactor const> const& for_rows() const { return stored_; }

 private:
  void renew();

  engine::SourcePlan const& plan_;
  std::vector<Secret> sent_;                // tokens and header values that were sent lately
  Redactor shown_;                          // for messages: all credentials and sent values
  std::shared_ptr<Redactor const> stored_;  // for rows
};

}  // namespace affsync::sync
