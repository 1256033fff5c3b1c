// The results of SPF (RFC 7208 §2.6), and why a term or a domain came to one, as tables. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace chappe::trust::spf {

enum class ResultCode : std::uint8_t { none, neutral, pass, fail, softfail, temperror, permerror };

struct ResultRow {
  ResultCode result;
  std::string_view name;  // as Authentication-Results and Received-SPF spell it (RFC 7208 §9)
  std::string_view en, fr;
};
const ResultRow& result_row(ResultCode result);
std::optional<ResultCode> parse_result(std::string_view name);

// The numbers are no promise, the ids in the table (reasons.cc) are.
enum class Reason : std::uint8_t {
  // Of a domain.
  matched,          // a term matched
  nothing_matched,  // none did, and there is no redirect
  redirected,       // the domain of its redirect decides
  no_address,       // what is asked about is no IP address
  bad_domain,       // what should be a domain is none, or has one label only
  no_domain,        // the domain does not exist
  no_record,        // it has no SPF record
  several_records,  // it has more than one
  bad_syntax,       // something is wrong in the text of the record
  term_failed,      // a term came to an error
  // Of a term that matches.
  always,           // all
  in_network,       // ip4, ip6
  among_addresses,  // a, mx
  name_exists,      // exists
  include_passes,
  host_is_of_domain,  // ptr
  // Of one that does not.
  not_in_network,
  other_family,  // an IPv4 client and ip6, or the other way
  not_among_addresses,
  void_lookup,  // there are no such records
  include_does_not_pass,
  host_is_not_of_domain,
  no_reverse_lookup,  // ptr, and the names of the client cannot be had
  bad_target,         // the expansion of a domain-spec is no name
  utf8_local_part,    // it would need a local part that no name can hold
  // Of an error.
  lookup_failed,
  out_of_time,
  too_many_lookups,
  too_many_voids,
  too_many_mx,
  include_without_record,
  redirect_without_record,
  include_failed,  // the included domain came to an error
};

struct ReasonRow {
  Reason reason;
  std::string_view id;
  std::string_view rule;
  std::string_view en, fr;
};
const ReasonRow& reason_row(Reason reason);
std::span<const ReasonRow> reason_rows();

}  // namespace chappe::trust::spf
