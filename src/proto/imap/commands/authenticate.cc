#include "base/text.h"
#include "codec/base64.h"
#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 9051 §9 authenticate; initial-resp is RFC 4959 §7.
Result<Args> parse_authenticate(Cursor& c, bool) {
  Authenticate out;
  TRY(c.space());
  out.mechanism = to_upper(TRY(c.atom()));
  if (c.take(' ')) {
    const ByteView text = TRY(c.atom());
    if (text == "=") {
      out.initial = "";  // RFC 4959 §3: an initial response of no octets
    } else {
      out.initial = codec::base64_decode(text);
      if (!out.initial) return fail(Errc::invalid, "the initial response is not base64");
    }
  }
  return Args(std::move(out));
}

Result<> check_authenticate(const Args& args, const Facts& facts) {
  const Bytes& mechanism = std::get<Authenticate>(args).mechanism;
  const bool bare_secret =
      mechanism == "PLAIN" || mechanism == "LOGIN" || mechanism == "OAUTHBEARER" || mechanism == "XOAUTH2";
  if (bare_secret && !facts.plain_login)
    return fail(Errc::denied, "{} sends a secret in the clear; use TLS first", mechanism);
  return {};
}

}  // namespace chappe::proto::imap
