// Answers without rows that may come from an address that does not exist, or say nothing about days
// that are long past.
#pragma once

#include <optional>

#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/paging/slice.hpp"

namespace affsync::engine {

class EmptyAnswers {
 public:
  // Notes an answer. `by_status`: it was empty by its error status alone, or by having no body.
  void note(bool by_status) { has_real_answer_ = has_real_answer_ || !by_status; }
  // Resumes a pass whose earlier answers are unknown; it was judged up to here.
  void resume() { has_real_answer_ = true; }

  // Returns true if there was an answer that was not empty so.
  bool has_real_answer() const { return has_real_answer_; }

  // Returns why a pass without a real answer proves nothing at the end of this slice; nullopt if it
  // does. A few days without rows are normal. Meanwhile the coverage is not extended, so the
  // requested days grow with each pass.
  std::optional<SliceDoubt> wrong_path(Slice const& pass, Slice const& slice) const;

  // Returns why an answer of the class `empty` for this slice is in doubt: it is too old for that.
  static std::optional<SliceDoubt> too_old(StreamSpec const& spec, Slice const& slice, Day today);

 private:
  bool has_real_answer_ = false;
};

}  // namespace affsync::engine
