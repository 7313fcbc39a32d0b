// The sandbox's own paths, outside the broker's API and without login:
//
//   GET  /sandbox/books[?feed=NAME]   current row counts and exact sums of every feed
//   GET  /sandbox/log[?latest=1]      counters of requests; latest=1 adds the latest targets
//   GET  /sandbox/faults              the active faults and how often each applied
//   POST /sandbox/control             parameters in the query, or as one flat JSON object:
//     do=fault spec=TEXT              do=clear_faults [kind=KIND]
//     do=change|remove feed=NAME rows=N [seed=N] [spare=N: none of the first N]
//     do=restore feed=NAME rows=N
//     do=ACTION feed=NAME rows=N [seed=N]            actions of that feed: pay, correct, …
//     do=add feed=rewards|clients rows=N [day=DATE]  do=advance days=N rows=N (per day)
//     do=hide|show name=ENDPOINT (404)               do=deny|allow name=ENDPOINT (403)
//     do=clock [time=ISO [frozen=1]] [advance=SECONDS]   answers {"now"}
//     do=rate rate=R burst=B [form=F] [headers=H]    do=expire_tokens    do=clear_log
//
// Commands that change rows answer {"feed", "rows", "before": [row…], "after": [row…]}.
#pragma once

#include "tests/sandbox/http.hpp"

namespace affsync::sandbox {

class Sandbox;

Reply answer_admin(Sandbox& sandbox, Request const& request);

}  // namespace affsync::sandbox
