// Why a signature was judged as it was: a closed list, each with the result that it leads to (RFC 8601 §2.7.1) and the
// words for people. DKIM and ARC share it. A table; pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace chappe::trust::dkim {

// RFC 8601 §2.7.1
enum class ResultCode : std::uint8_t { none, pass, fail, policy, neutral, temperror, permerror };
std::string_view result_name(ResultCode code);

// The numbers are no promise, the ids in the table (reason.cc) are.
enum class Reason : std::uint8_t {
  verified,  // it holds
  // it holds, and still does not count
  sha1,
  key_too_short,
  body_partly_signed,
  // it does not hold
  body_differs,
  signature_differs,
  // its field cannot be read
  not_a_tag_list,
  duplicate_tag,
  missing_tag,
  version,
  algorithm_unknown,
  bad_value,
  canon_unknown,
  query_unknown,
  domain_invalid,
  selector_invalid,
  identity_invalid,
  fields_invalid,
  time_invalid,
  instance_invalid,
  // its field says what may not be
  from_not_signed,
  identity_elsewhere,
  expires_too_soon,
  expired,
  in_future,
  body_shorter,
  tag_not_allowed,
  // its key
  key_unavailable,
  key_missing,
  key_malformed,
  key_revoked,
  key_type,
  key_hash,
  key_service,
  key_strict,
  key_unusable,
  key_too_large,
  // nobody looked
  not_looked_at,
  too_many_signatures,
  too_many_bodies,
  header_too_large,
};

struct ReasonRow {
  Reason reason;
  std::string_view id;
  ResultCode result;
  std::string_view section;  // of the RFC that has it so; empty: our own limit
  std::string_view en, fr;
};
const ReasonRow& reason_row(Reason reason);
std::span<const ReasonRow> reason_rows();

}  // namespace chappe::trust::dkim
