#include "daemon/sync/source_secrets.hpp"

#include <algorithm>
#include <utility>

namespace affsync::sync {

SourceSecrets::SourceSecrets(engine::SourcePlan const& plan, std::vector<Secret> others)
    : plan_(plan), others_(std::move(others)) {
  renew();
}

void SourceSecrets::withhold(Error& error) const {
  for (auto* text : {&error.message, &error.where, &error.hint}) {
    *text = shown_.redact(std::move(*text));
  }
}

void SourceSecrets::renew() {
  shown_ = Redactor();
  auto rows = std::make_shared<Redactor>();
  auto add = [&](Secret const& secret, bool may_be_shown) {
    shown_.add(secret);
    if (!may_be_shown && secret.reveal().size() >= least_bytes_in_rows) rows->add(secret);
  };
  for (auto const& [name, secret] : plan_.credentials) {
    add(secret, plan_.open_credentials.contains(name));
  }
  for (auto const& secret : others_) add(secret, false);
  for (auto const& secret : sent_) {
    bool const may_be_shown =
        std::ranges::any_of(plan_.open_credentials, [&](std::string const& name) {
          auto const open = plan_.credentials.find(name);
          return open != plan_.credentials.end() && open->second == secret;
        });
    add(secret, may_be_shown);
  }
  stored_ = std::move(rows);
}

void SourceSecrets::note_sent(Secret const& secret) {
  constexpr std::size_t most = 8;  // an earlier token may still be quoted
  if (std::ranges::find(sent_, secret) != sent_.end()) return;
  if (sent_.size() >= most) sent_.erase(sent_.begin());
  sent_.push_back(secret);
  renew();
}

}  // namespace affsync::sync
