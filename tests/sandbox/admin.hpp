// The sandbox's own paths, outside the broker's API and without log in:
//
//   GET  /sandbox/books[?feed=NAME]   rows and exact sums of every feed, as they are now
//   GET  /sandbox/log[?latest=1]      what clients did; with the targets of the latest requests
//   GET  /sandbox/faults              the faults set, and how often each struck
//   POST /sandbox/control             parameters in the query, or as one flat JSON object:
//     do=fault spec=TEXT              do=clear_faults [kind=KIND]
//     do=change|remove feed=NAME rows=N [seed=N]     do=restore feed=NAME rows=N
//     do=ACTION feed=NAME rows=N [seed=N]            what the feed knows beside: pay, correct, …
//     do=add feed=rewards|clients rows=N [day=DATE]  do=advance days=N rows=N (a day)
//     do=hide|show name=ENDPOINT (404)               do=deny|allow name=ENDPOINT (403)
//     do=clock [time=ISO [frozen=1]] [advance=SECONDS]   answers {"now"}
//     do=rate rate=R burst=B [form=F] [headers=H]    do=expire_tokens    do=clear_log
//
// Changes of rows answer {"feed", "rows", "before": [row…], "after": [row…]}.
#pragma once

#include "tests/sandbox/http.hpp"

namespace affsync::sandbox {

class Sandbox;

Reply answer_admin(Sandbox& sandbox, Request const& request);

}  // namespace affsync::sandbox
