#include "connectors/engine/paging/age_probe.hpp"

namespace affsync::engine {

AgeProbe::AgeProbe(Slice const& refused, Day newest)
    : newest_(newest), asked_(*refused.from), refused_(*refused.from) {
  // A single day that was refused need not be requested again.
  if (*refused.from == *refused.to) on_refused();
}

void AgeProbe::halve() {
  if (given_ - refused_ <= std::chrono::days(1)) {
    found_ = Found::too_old;
    return;
  }
  asked_ = refused_ + (given_ - refused_) / 2;
}

void AgeProbe::on_given() {
  if (step_ == Step::first_day) {
    found_ = Found::too_long;
    return;
  }
  step_ = Step::between;
  given_ = asked_;
  halve();
}

void AgeProbe::on_refused() {
  if (step_ == Step::newest_day || asked_ == newest_) {
    found_ = Found::refused;
    return;
  }
  if (step_ == Step::first_day) {
    step_ = Step::newest_day;
    asked_ = newest_;
    return;
  }
  refused_ = asked_;
  halve();
}

}  // namespace affsync::engine
