#include "tests/torture/fault_specs.hpp"

#include <vector>

namespace affsync::torture {
namespace {

using Texts = std::vector<std::string>;

// Faults for any request. `#` is replaced by a number below 6000.
Texts const any_request_faults{"throttle:form=own,wait=1",
                               "throttle:form=drf,wait=1",
                               "throttle:form=seconds,wait=1",
                               "throttle:form=date,wait=1",
                               "throttle:form=none",
                               "throttle:form=zero",
                               "throttle:form=text,wait=1",
                               "throttle:form=503,wait=1",
                               "status:code=500",
                               "status:code=502,body=html",
                               "status:code=503",
                               "status:code=504,body=empty",
                               "delay:ms=20",
                               "delay:ms=150",
                               "reset:after=#",
                               "reset:after=0",
                               "truncate",
                               "truncate:after=#",
                               "length:delta=7",
                               "length:delta=-7",
                               "chunked",
                               "gzip:force=1",
                               "slow:bytes=700,ms=3",
                               "close",
                               "skew:seconds=-5400",
                               "skew:seconds=86400",
                               "bom"};

// Faults for lists only. A login with such an answer is rightly not retried.
Texts const list_faults{"throttle:form=body200,wait=1",
                        "status:code=400",
                        "status:code=403",
                        "status:code=404",
                        "html",
                        "empty",
                        "deep:depth=3000",
                        "huge_body:bytes=3000000",
                        "redirect:to=http://127.0.0.1:9",
                        "stale",
                        "reverse",
                        "ignore_offset",
                        "cap:limit=7",
                        "empty_page",
                        "total:delta=3",
                        "total:delta=-2",
                        "total:value=null",
                        "total:value=%22many%22",
                        "next_link:mode=repeat",
                        "next_link:mode=none",
                        "next_link:mode=endless",
                        "shift:mode=insert",
                        "shift:mode=delete",
                        "shift:mode=both",
                        "duplicate_row:row=0",
                        "duplicate_row:row=2",
                        "drop_field:row=1",
                        "repeat_field:row=1",
                        "huge_number:row=0",
                        "bad_number:row=1",
                        "nul:row=1",
                        "invalid_utf8:row=2",
                        "content_type:value=text/html",
                        "huge_header:bytes=200000"};

// Each costs the broker's whole timeout or much work, so it applies to one request only.
Texts const costly_faults{"never", "endless", "gzip_bomb:bytes=200000000", "throttle:form=huge"};

std::string with(std::string spec, std::string const& parameter) {
  return spec + (spec.find(':') == std::string::npos ? ":" : ",") + parameter;
}

}  // namespace

std::size_t below(Random& random, std::size_t limit) {
  return static_cast<std::size_t>(random() % limit);
}

std::string random_fault(Random& random, BrokerKind const& kind) {
  auto const dice = below(random, 100);
  if (kind.logs_in && dice < 6) return "expire_token:next=" + std::to_string(1 + dice);
  if (dice < 10) return with(any_of(random, costly_faults), "next=1");
  bool const list = dice < 65;
  auto spec = list ? any_of(random, list_faults) : any_of(random, any_request_faults);
  if (auto const at = spec.find('#'); at != std::string::npos) {
    spec.replace(at, 1, std::to_string(below(random, 6000)));
  }
  if (list) spec = with(spec, "path=" + any_of(random, kind.list_paths));
  switch (below(random, 4)) {
    case 0:
      return with(spec, "next=" + std::to_string(1 + below(random, 6)));
    case 1:
      return with(spec, "every=" + std::to_string(2 + below(random, 4)));
    case 2:
      return with(spec, "probability=0.3");
    default:
      return with(spec, "next=12");
  }
}

}  // namespace affsync::torture
