// The ARC sets of a letter, collected and put in order (RFC 8617 §4.2), and whether they make a chain at all: one of
// each field, instances from 1 without gaps, the right cv= (§5.2, steps 1 to 3). Nothing is verified here. Values;
// pure; linear; nothing blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "message/field.h"
#include "trust/dkim/check.h"

namespace chappe::trust::arc {

inline constexpr std::uint32_t kMaxSets = dkim::kMaxInstance;  // RFC 8617 §4.2.1

// RFC 8617 §4.4
enum class Status : std::uint8_t { none, pass, fail };
std::string_view status_name(Status status);

// Why a chain has its status. The numbers are no promise, the ids in the table (chain.cc) are.
enum class Reason : std::uint8_t {
  no_sets,
  verified,
  failed_before,      // the newest seal says cv=fail
  bad_field,          // a field cannot be read, so that nobody knows where it belongs
  set_incomplete,     // one of the three is missing
  set_twofold,        // one of the three is there more than once
  gap,                // an instance is missing
  chain_value,        // cv= is not what it must be at its place
  message_signature,  // the newest ARC-Message-Signature does not hold
  seal,               // an ARC-Seal does not hold
  too_many_keys,
};
struct ReasonRow {
  Reason reason;
  std::string_view id;
  Status status;
  std::string_view section;
  std::string_view en, fr;
};
const ReasonRow& reason_row(Reason reason);
std::span<const ReasonRow> reason_rows();

struct Set {
  std::uint32_t instance = 0;
  // ARC-Authentication-Results, among the fields of the header.
  std::optional<std::size_t> results;
  // ARC-Message-Signature and ARC-Seal. Their verdicts hold only if they were looked at.
  std::optional<dkim::SignatureVerdict> message;
  std::optional<dkim::SignatureVerdict> seal;
  bool message_looked_at = false;
  bool seal_looked_at = false;
};

struct Chain {
  std::vector<Set> sets;  // by instance
  // Set when they make no chain.
  std::optional<Reason> fault;
  std::uint32_t at = 0;  // the instance concerned; 0: none
  std::string detail;    // in English

  // The highest instance; 0: there is none.
  std::uint32_t highest() const { return sets.empty() ? 0 : sets.back().instance; }
};

Chain collect(std::span<const message::Field> header);

// `i=` at the start of an ARC-Authentication-Results (RFC 8617 §4.1.1).
std::optional<std::uint32_t> results_instance(ByteView value);
// What stands behind it, as Authentication-Results has it.
std::optional<ByteView> results_text(ByteView value);

}  // namespace chappe::trust::arc
