// Authentication-Results (RFC 8601 §2.2): the field as a value, read from bytes of anybody and written so that nothing
// in it can break out of its place. ARC-Authentication-Results has the same after its instance (RFC 8617 §4.1.1).
//
// Reading never fails: it ends at the first fault, and ok() says whether there was one. What stands before a fault is
// kept to be shown, not to be believed. A few habits that the grammar forbids, and that cannot be taken for something
// else, are read and told as quirks.
//
// Pure; any thread; linear in the bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "message/field.h"
#include "message/findings.h"

namespace chappe::trust::authres {

struct Property {
  std::string ptype;  // smtp, header, body, policy...; empty: there was none (a quirk)
  std::string property;
  std::string value;  // as it is meant, without quotes; of an address the local part is quoted where it must be
  bool operator==(const Property&) const = default;
};

// One method's result. Names and the result are in lower case.
struct MethodResult {
  std::string method;
  unsigned version = 1;
  std::string result;
  std::optional<std::string> reason;
  std::vector<Property> properties;

  // The value of the first such property; nothing if there is none.
  std::optional<std::string_view> value(std::string_view ptype, std::string_view property) const;
  bool operator==(const MethodResult&) const = default;
};

struct Results {
  std::string authserv_id;
  unsigned version = 1;
  std::vector<MethodResult> results;  // none: "none"
  bool operator==(const Results&) const = default;
};

// The numbers are no promise, the ids in the table (faults.cc) are.
enum class Fault : std::uint8_t {
  too_long,
  too_many_results,
  too_many_properties,
  control_octets,
  comment_unclosed,
  quote_unclosed,
  id_missing,
  id_invalid,
  version_invalid,
  nothing_said,
  separator_missing,
  none_not_alone,
  method_invalid,
  result_invalid,
  reason_invalid,
  property_invalid,
  value_invalid,
};
struct FaultRow {
  Fault fault;
  std::string_view id;
  std::string_view en, fr;

  std::string_view text(message::Lang lang) const { return lang == message::Lang::fr ? fr : en; }
};
const FaultRow& fault_row(Fault fault);

struct Quirks {
  bool trailing_semicolon = false;  // one ends the field
  bool bare_value = false;          // a value with "/", ":" or "=" stands without quotes (header.b, IPv6)
  bool missing_ptype = false;       // "action=none"
  bool operator==(const Quirks&) const = default;
};

struct Reading {
  static constexpr std::size_t kMaxOctets = 64 * 1024;
  static constexpr std::size_t kMaxResults = 200;
  static constexpr std::size_t kMaxProperties = 50;  // of one result

  Results results;
  std::optional<Fault> fault;
  std::size_t at = 0;  // octet of the value at which the fault was met
  Quirks quirks;

  bool ok() const { return !fault; }
  // To the letter of RFC 8601.
  bool strict() const { return ok() && quirks == Quirks{}; }
};

Reading parse(ByteView value);

// Whether a field that came from outside may be taken for one of ours by anybody, so that it has to be removed (RFC
// 8601 §5). In doubt it is: comments, folding, quotes, another case, U-labels, a job id or a version around the
// identifier, a field whose beginning cannot be read, and one without an identifier. A field of another host that only
// mentions the identifier behind its first ";" is not.
bool claims(ByteView value, std::string_view authserv_id);
// The same for any field: false if it is not called Authentication-Results.
bool claims(const message::Field& field, std::string_view authserv_id);

// What a host found of a letter before it was handed on: its Authentication-Results above the first Received, all of
// them (RFC 8617 §4.1.1). What stands below that came with the letter, and anybody may have written it (RFC 5321 §4.4,
// RFC 8601 §5). The host is `authserv_id`; empty: whoever is named first. Nothing: there is none. It ends at a field of
// that host that cannot be read.
struct Before {
  Results results;
  std::string text;  // the same as it is written, with its comments: what a field holds
};
std::optional<Before> found_before(std::span<const message::Field> header, std::string_view authserv_id = {});

// What write() makes of texts that the field cannot hold: names become letters, digits and hyphens in lower case,
// control characters become "?" and what is not UTF-8 U+FFFD, U-labels of domains become A-labels. Values are cut after
// kMaxValue octets, names after kMaxKeyword; results beyond kMaxWritten octets are left out.
inline constexpr std::size_t kMaxValue = 400;
inline constexpr std::size_t kMaxKeyword = 64;
inline constexpr std::size_t kMaxWritten = 32 * 1024;
Results cleaned(Results results);

// The whole field with its CRLF; lines are up to kMaxColumns wide where no single value is longer. parse() of its value
// gives cleaned(results) back. With `arc_instance` it is an ARC-Authentication-Results field.
inline constexpr std::size_t kMaxColumns = 78;
std::string write(const Results& results, std::optional<unsigned> arc_instance = std::nullopt);

}  // namespace chappe::trust::authres
