#include "trust/srs.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/text.h"
#include "crypto/digest.h"
#include "trust/mail_domain.h"

namespace chappe::trust {
namespace {

// In the order of the enumeration (a test checks it).
constexpr SrsFaultRow kFaults[] = {
    {SrsFault::not_srs, "not-srs", "The address is no rewritten sender.", "L'adresse n'est pas un expéditeur réécrit."},
    {SrsFault::malformed, "malformed", "The address looks like a rewritten sender, but cannot be read.",
     "L'adresse ressemble à un expéditeur réécrit, mais elle est illisible."},
    {SrsFault::forged, "forged", "This host did not rewrite that sender.",
     "Ce serveur n'a pas réécrit cet expéditeur."},
    {SrsFault::expired, "expired", "The sender was rewritten too long ago.",
     "L'expéditeur a été réécrit il y a trop longtemps."},
};

constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";  // RFC 4648 §6
constexpr std::size_t kSumDigits = 8;
constexpr std::size_t kDayDigits = 2;
constexpr std::int64_t kDays = 1024;
constexpr std::size_t kMaxReadLocal = 512;       // octets of a local part that is looked at
constexpr std::string_view kSeparators = "=+-";  // behind SRS0 and SRS1; we write the first

std::string digits(std::uint64_t value, std::size_t count) {
  std::string out(count, 'a');
  for (std::size_t i = count; i-- > 0; value /= 32) out[i] = kDigits[value % 32];
  return out;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t out = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(lower(c));
    if (digit == std::string_view::npos) return std::nullopt;
    out = out * 32 + static_cast<std::int64_t>(digit);
  }
  return out;
}

std::int64_t day_of(Time now) {
  constexpr std::int64_t kDay = std::int64_t{24} * 60 * 60 * 1'000'000;
  const std::int64_t day = now.us >= 0 ? now.us / kDay : (now.us - kDay + 1) / kDay;
  return (day % kDays + kDays) % kDays;
}

// `what` tells the kinds of addresses apart; no part but the last can hold a NUL.
std::string sum(const crypto::Secret& secret, std::string_view what, std::string_view first, std::string_view second) {
  const std::string a = to_lower(first), b = to_lower(second);
  const crypto::Sum256 mac = crypto::hmac_sha256(secret.reveal(), {what, ByteView("\0", 1), a, ByteView("\0", 1), b});
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < kSumDigits * 5 / 8; ++i) bits = bits << 8 | static_cast<unsigned char>(mac.octets[i]);
  return digits(bits, kSumDigits);
}

bool signed_by_one(std::span<const crypto::Secret> secrets, std::string_view given, std::string_view what,
                   std::string_view first, std::string_view second) {
  const std::string lowered = to_lower(given);
  bool found = false;
  for (const crypto::Secret& secret : secrets)
    found = crypto::equal_constant_time(sum(secret, what, first, second), lowered) || found;
  return found;
}

// "SRS0=": which of them, and what follows the name. Nothing: an ordinary local part.
struct Tagged {
  char kind;              // '0' or '1'
  std::string_view rest;  // with its separator
};
std::optional<Tagged> tagged(std::string_view local) {
  if (local.size() < 5 || !istarts_with(local, "SRS") || (local[3] != '0' && local[3] != '1') ||
      kSeparators.find(local[4]) == std::string_view::npos)
    return std::nullopt;
  return Tagged{local[3], local.substr(4)};
}

// What stands up to the next "=", which is taken off, too.
std::optional<std::string_view> take_part(std::string_view& rest) {
  const std::size_t end = rest.find('=');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view out = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return out;
}

bool fit_local(std::string_view local) { return !local.empty() && std::none_of(local.begin(), local.end(), is_ctl); }

std::string day_and_sender(std::string_view day, std::string_view domain) { return fmt::format("{}={}", day, domain); }

std::expected<SrsAddress, SrsFault> reverse_first(std::string_view rest, std::span<const crypto::Secret> secrets,
                                                  Time now, int days) {
  rest.remove_prefix(1);
  const auto given = take_part(rest), day = take_part(rest), domain = take_part(rest);
  if (!given || !day || !domain || given->size() != kSumDigits || day->size() != kDayDigits || !fit_local(rest))
    return std::unexpected(SrsFault::malformed);
  const auto stamp = number(*day);
  const auto key = mail_domain(*domain);
  if (!stamp || !key) return std::unexpected(SrsFault::malformed);
  if (!signed_by_one(secrets, *given, "srs0", day_and_sender(*day, *key), rest))
    return std::unexpected(SrsFault::forged);
  // A day ahead: the clocks of two hosts of ours.
  const std::int64_t age = (day_of(now) - *stamp + kDays) % kDays;
  if (age > std::min(days, kMaxSrsDays) && age != kDays - 1) return std::unexpected(SrsFault::expired);
  return SrsAddress{std::string(rest), *key};
}

std::expected<SrsAddress, SrsFault> reverse_later(std::string_view rest, std::span<const crypto::Secret> secrets) {
  rest.remove_prefix(1);
  const auto given = take_part(rest), first = take_part(rest);
  if (!given || !first || given->size() != kSumDigits || rest.size() < 2 || !fit_local(rest) ||
      kSeparators.find(rest.front()) == std::string_view::npos)
    return std::unexpected(SrsFault::malformed);
  const auto key = mail_domain(*first);
  if (!key) return std::unexpected(SrsFault::malformed);
  if (!signed_by_one(secrets, *given, "srs1", *key, rest)) return std::unexpected(SrsFault::forged);
  return SrsAddress{fmt::format("SRS0{}", rest), *key};
}

}  // namespace

const SrsFaultRow& srs_fault_row(SrsFault fault) { return kFaults[std::to_underlying(fault)]; }

Result<SrsAddress> srs_forward(const SrsAddress& sender, std::string_view forwarder,
                               std::span<const crypto::Secret> secrets, Time now) {
  if (secrets.empty()) return fail(Errc::bug, "SRS without a secret");
  const std::string ours = TRY(mail_domain(forwarder));
  const std::string theirs = TRY(mail_domain(sender.domain));
  if (!fit_local(sender.local)) return fail(Errc::invalid, "not a local part: {}", printable(sender.local));
  if (theirs == ours) return SrsAddress{sender.local, ours};

  const auto kind = tagged(sender.local);
  std::string local;
  std::string_view rest = kind ? kind->rest.substr(1) : std::string_view();
  if (kind && kind->kind == '0' && !rest.empty()) {
    local = fmt::format("SRS1={}={}={}", sum(secrets[0], "srs1", theirs, kind->rest), theirs, kind->rest);
  } else if (std::optional<std::string_view> first;
             kind && kind->kind == '1' && take_part(rest) && (first = take_part(rest)) && rest.size() > 1 &&
             kSeparators.find(rest.front()) != std::string_view::npos && mail_domain(*first)) {
    // The forwarder between is left out: bounces go to the first one.
    const std::string key = *mail_domain(*first);
    local = fmt::format("SRS1={}={}={}", sum(secrets[0], "srs1", key, rest), key, rest);
  } else {
    const std::string day = digits(static_cast<std::uint64_t>(day_of(now)), kDayDigits);
    local = fmt::format("SRS0={}={}={}={}", sum(secrets[0], "srs0", day_and_sender(day, theirs), sender.local), day,
                        theirs, sender.local);
  }
  if (local.size() > kMaxSrsLocal)
    return fail(Errc::too_large, "the rewritten sender would have {} octets: {}", local.size(), printable(local));
  return SrsAddress{std::move(local), ours};
}

bool looks_rewritten(std::string_view local) { return tagged(local).has_value(); }

std::expected<SrsAddress, SrsFault> srs_reverse(std::string_view local, std::span<const crypto::Secret> secrets,
                                                Time now, int days) {
  const auto kind = tagged(local);
  if (!kind) return std::unexpected(SrsFault::not_srs);
  if (local.size() > kMaxReadLocal) return std::unexpected(SrsFault::malformed);
  return kind->kind == '0' ? reverse_first(kind->rest, secrets, now, days) : reverse_later(kind->rest, secrets);
}

}  // namespace chappe::trust
