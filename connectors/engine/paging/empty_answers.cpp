#include "connectors/engine/paging/empty_answers.hpp"

namespace affsync::engine {

std::optional<SliceDoubt> EmptyAnswers::wrong_path(Slice const& pass, Slice const& slice) const {
  constexpr std::chrono::days strange{7};
  if (has_real_answer_) return std::nullopt;
  if (pass.from && pass.to) {
    bool const is_last = !slice.to || *slice.to >= *pass.to;
    if (!is_last || *pass.to - *pass.from + std::chrono::days(1) < strange) return std::nullopt;
  }
  return SliceDoubt{ErrorCode::not_found,
                    "every answer of this pass had an error status, or no body, that the connector "
                    "takes for \"no rows\"; an address that does not exist gives the same answer"};
}

std::optional<SliceDoubt> EmptyAnswers::too_old(StreamSpec const& spec, Slice const& slice,
                                                Day today) {
  if (!spec.window || !spec.window->may_be_empty_days || !slice.to) return std::nullopt;
  auto const near = std::chrono::days(*spec.window->may_be_empty_days);
  if (*slice.to >= today - near) return std::nullopt;
  return SliceDoubt{ErrorCode::not_found, "the broker has no data for " + format_day(*slice.from) +
                                              " to " + format_day(*slice.to) +
                                              ", which should be available by now"};
}

}  // namespace affsync::engine
