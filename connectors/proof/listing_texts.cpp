// The rows of a list whose answer is a text.
#include "connectors/engine/document/document.hpp"
#include "connectors/proof/listing.hpp"

namespace affsync::proof {

void Listing::find_texts() {
  if (chain_.size() > 1) return;
  if (plan_->spec->document.format == engine::DocumentFormat::xml && states_sums()) return;
  auto const count = [&](std::string const& text) -> std::optional<std::size_t> {
    auto const document = engine::read_document(text, plan_->spec->document);
    auto const* list = document ? list_of(*document) : nullptr;
    if (list == nullptr) return std::nullopt;
    return list->items().size();
  };
  texts_ = TextRows::find(first().body, plan_->spec->document, count);
  if (!texts_ || texts_->rows().size() != rows_.size()) {
    texts_.reset();
    return;
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    rows_[i].place = i;
    rows_[i].text = texts_->rows()[i];
  }
}

bool Listing::read_text(ListedRow& row) const {
  auto const document = engine::read_document(body({&row}, {}), plan_->spec->document);
  auto const* list = document ? list_of(*document) : nullptr;
  if (list == nullptr || list->items().size() != 1) return false;
  row.value = list->items().front();
  return true;
}

std::string Listing::text_body(std::vector<ListedRow const*> const& rows) const {
  if (!texts_) return chain_.front()->body;
  std::vector<TextRows::Placed> placed;
  for (auto const* row : rows) placed.push_back({row->place, row->text});
  return texts_->with(placed);
}

}  // namespace affsync::proof
