// What was found wrong, odd or ambiguous in a letter. Parsers of this floor never fail: they choose a reading and say
// here that there was a choice. One closed list (findings.cc) with a sentence for people in English and French; the
// floors above decide what a finding costs a letter.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace chappe::message {

enum class Lang : std::uint8_t { en, fr };

// note: legal but rare, or harmless; warn: breaks a rule, may be read otherwise elsewhere; danger: other readers are
// likely to see another author, another text or another attachment.
enum class Severity : std::uint8_t { note, warn, danger };

enum class Finding : std::uint8_t {
  // the form of the letter
  mbox_from,
  header_cut,
  blank_fold,
  spaced_colon,
  part_header_cut,
  nul_in_header,
  nul_in_body,
  bare_cr,
  bare_lf,
  long_line,
  raw_8bit_header,
  too_large,
  too_many_fields,
  too_many_parts,
  too_deep,
  // MIME structure
  boundary_missing,
  boundary_invalid,
  boundary_reused,
  boundary_extended,
  multipart_empty,
  multipart_unterminated,
  encoded_container,
  content_type_invalid,
  encoding_unknown,
  base64_damaged,
  quoted_printable_damaged,
  charset_unknown,
  charset_mismatch,
  // fields
  duplicate_field,
  from_missing,
  from_multiple,
  from_several_authors,
  from_group,
  sender_missing,
  date_missing,
  date_invalid,
  message_id_missing,
  message_id_invalid,
  // addresses
  address_invalid,
  address_unclosed,
  address_route,
  address_comment,
  address_quoted_local,
  address_quoted_at,
  address_word_at,
  address_control,
  address_domain_invalid,
  name_is_address,
  // words and parameters
  word_invalid,
  word_charset_unknown,
  word_control,
  word_in_quoted,
  parameter_duplicate,
  parameter_invalid,
};
inline constexpr int kFindingCount = static_cast<int>(Finding::parameter_invalid) + 1;

struct FindingRow {
  Finding id;
  std::string_view name;  // as JSON and logs spell it
  Severity severity;
  std::string_view en;
  std::string_view fr;

  std::string_view text(Lang lang) const { return lang == Lang::fr ? fr : en; }
};

// The row of a finding; the reference lives for ever.
const FindingRow& finding_row(Finding id);
std::string_view severity_name(Severity severity);

// One place where something was found.
struct Found {
  Finding id;
  std::uint32_t part;  // index into Letter::parts()
  std::size_t offset;  // of the field, line or octet, from the start of the letter
};

// The findings of one letter or one field. Every kind is remembered; places only up to kMaxPlaces, so that a hostile
// letter cannot make the list longer than itself.
class Findings {
 public:
  static constexpr std::size_t kMaxPlaces = 200;

  void add(Finding id, std::size_t offset = 0, std::uint32_t part = 0) {
    kinds_.set(static_cast<std::size_t>(id));
    if (places_.size() < kMaxPlaces) places_.push_back({id, part, offset});
  }
  // The findings of a field's value, which stands at `offset` in `part`.
  void add(const Findings& of_field, std::size_t offset, std::uint32_t part) {
    kinds_ |= of_field.kinds_;
    for (const Found& f : of_field.places_)
      if (places_.size() < kMaxPlaces) places_.push_back({f.id, part, offset});
  }
  bool has(Finding id) const { return kinds_.test(static_cast<std::size_t>(id)); }
  bool empty() const { return kinds_.none(); }
  const std::vector<Found>& places() const { return places_; }
  // The worst severity among them; `note` for none.
  Severity worst() const;

 private:
  std::bitset<kFindingCount> kinds_;
  std::vector<Found> places_;
};

}  // namespace chappe::message
