#include "trust/sasl_prep.h"

#include <unicode/usprep.h>
#include <unicode/ustring.h>

#include <array>

#include "base/text.h"
#include "codec/utf8.h"

namespace chappe::trust {
namespace {

const UStringPrepProfile* profile() {
  static const UStringPrepProfile* const opened = [] {
    UErrorCode status = U_ZERO_ERROR;
    UStringPrepProfile* p = usprep_openByType(USPREP_RFC4013_SASLPREP, &status);
    return U_SUCCESS(status) ? p : nullptr;
  }();
  return opened;
}

// Room for the text in UTF-16 on the stack, wiped at the end: it may be a password.
struct Room {
  // NFKC makes at most eighteen units of one (UAX #15 §9); what does not fit is refused.
  std::array<UChar, 4 * kMaxSaslText> units{};
  ~Room() { crypto::wipe(units.data(), sizeof units); }
};

// The prepared form of what is not plain printable ASCII. `out` gets the octets.
Result<> prepare(std::string_view text, std::string& out) {
  if (!codec::utf8_valid(text)) return fail(Errc::invalid, "a name or password that is not UTF-8");
  if (!profile()) return fail(Errc::bug, "no SASLprep profile in this ICU");
  Room from;
  Room to;
  UErrorCode status = U_ZERO_ERROR;
  std::int32_t size = 0;
  u_strFromUTF8(from.units.data(), static_cast<std::int32_t>(from.units.size()), &size, text.data(),
                static_cast<std::int32_t>(text.size()), &status);
  size = usprep_prepare(profile(), from.units.data(), size, to.units.data(), static_cast<std::int32_t>(to.units.size()),
                        USPREP_ALLOW_UNASSIGNED, nullptr, &status);
  if (status == U_BUFFER_OVERFLOW_ERROR) return fail(Errc::too_large, "name or password over {} octets", kMaxSaslText);
  if (U_FAILURE(status)) return fail(Errc::invalid, "a name or password with characters that SASLprep refuses");
  if (size == 0) return fail(Errc::invalid, "an empty name or password");
  // A unit of UTF-16 takes at most three octets of UTF-8.
  out.resize(3 * static_cast<std::size_t>(size));
  std::int32_t octets = 0;
  u_strToUTF8(out.data(), static_cast<std::int32_t>(out.size()), &octets, to.units.data(), size, &status);
  if (U_FAILURE(status)) return fail(Errc::bug, "SASLprep: {}", u_errorName(status));
  out.resize(static_cast<std::size_t>(octets));
  if (out.size() > kMaxSaslText) return fail(Errc::too_large, "name or password over {} octets", kMaxSaslText);
  return {};
}

bool plain(std::string_view text) {
  for (const char c : text)
    if (is_8bit(c) || is_ctl(c)) return false;
  return true;
}

}  // namespace

Result<std::string> sasl_prep(std::string_view text) {
  if (text.empty()) return fail(Errc::invalid, "an empty name or password");
  if (text.size() > kMaxSaslText) return fail(Errc::too_large, "name or password over {} octets", kMaxSaslText);
  if (plain(text)) return std::string(text);
  std::string out;
  TRY(prepare(text, out));
  return out;
}

Result<crypto::Secret> sasl_prep(const crypto::Secret& text) {
  if (!text.empty() && text.size() <= kMaxSaslText && plain(text.reveal())) return text.clone();
  auto out = TRY(sasl_prep(text.reveal()));
  return crypto::Secret::take(std::move(out));
}

}  // namespace chappe::trust
