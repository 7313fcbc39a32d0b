// Removes a source's secrets from texts that quote the broker: its credentials, its tokens, the
// header values made from them, and the login of its proxy. Performs no I/O.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/redact.hpp"
#include "base/secret.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::sync {

// A shorter credential, such as the number of an account, is also an ordinary value of a row, and
// is left there.
inline constexpr std::size_t least_bytes_in_rows = 8;

class SourceSecrets {
 public:
  // Covers the credentials of `plan`, which must outlive this object at the same address, and
  // `others`.
  explicit SourceSecrets(engine::SourcePlan const& plan, std::vector<Secret> others = {});
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
  std::vector<Secret> others_;
  std::vector<Secret> sent_;                // tokens and header values that were sent lately
  Redactor shown_;                          // for messages: all credentials and sent values
  std::shared_ptr<Redactor const> stored_;  // for rows
};

}  // namespace affsync::sync
