// Notes the names and types of the fields of some rows of a page, so that a broker that changes the
// shape of its rows is noticed. Blocking; used on an executor's thread, within the page's
// transaction.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>

#include "schema/store/row_merge.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Whether rows of this page of a run are looked at, by the number of earlier pages with new or
// changed rows: the first ones of a run all are, of a long run some.
bool is_sampled(std::int64_t earlier_pages);

// `rows`: the new and changed rows of the page; some of them, spread evenly, are looked at.
void note_fields(pqxx::transaction_base& tx, RunKey const& run, RowRefs const& rows, TimePoint now);

}  // namespace affsync::schema
