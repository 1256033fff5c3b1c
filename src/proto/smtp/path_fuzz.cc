// Paths and parameters: what parses must come out the same when it is written and parsed again.

#include "../../../tests/fuzz/fuzzing.h"
#include "base/text.h"
#include "proto/smtp/parameters.h"
#include "proto/smtp/path.h"

namespace {

using namespace chappe;
using namespace chappe::proto::smtp;
using fuzz::check;

void check_path(const PathAndRest& p, std::string_view input) {
  check(p.path.local.size() <= kMaxLocalPart && p.path.domain.size() <= kMaxDomain);
  check(input.ends_with(p.rest));
  if (p.path.null() || p.path.domain.empty()) return;
  const auto again = parse_mailbox(p.path.address());
  check(again.has_value());
  check(again->local == p.path.local && again->domain == p.path.domain && again->literal == p.path.literal);
  for (const char c : p.path.address()) check(!is_ctl(c));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view s = fuzz::view(data, size);
  if (const auto p = parse_reverse_path(s)) check_path(*p, s);
  if (const auto p = parse_forward_path(s)) {
    check(!p->path.null());
    check_path(*p, s);
    if (const auto parameters = parse_parameters(p->rest)) check(parameters->size() <= kMaxParameters);
  }
  if (const auto decoded = xtext_decode(s)) check(xtext_decode(xtext_encode(*decoded)) == decoded);
  check(xtext_decode(xtext_encode(s)) == std::string(s));
  return 0;
}
