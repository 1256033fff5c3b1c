#include "app/trust/sign_verb.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/admin_input.h"
#include "app/trust/verdict_json.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "dns/zone_resolver.h"
#include "post/care/line_ends.h"
#include "trust/dkim/sign.h"
#include "trust/dkim/verify.h"

namespace chappe::app {
namespace {

namespace dkim = trust::dkim;

// It has to fit into memory.
constexpr std::size_t kMaxLetter = 200 * 1024 * 1024;
constexpr Duration kZoneTime = std::chrono::seconds(10);  // a zone text that pretends to be slow

Result<dkim::Canon> canon_of(std::string_view name) {
  for (const dkim::Canon canon : {dkim::Canon::simple, dkim::Canon::relaxed})
    if (name == canon_name(canon)) return canon;
  return fail(Errc::usage, "--canon: '{}' is neither simple nor relaxed", printable(name, 40));
}

// "from:to:subject": each name once for all fields that are there, and once more for each further mention.
std::vector<dkim::SignedName> names_of(std::string_view list) {
  std::vector<dkim::SignedName> out;
  for (const std::string_view name : split(list, ':')) {
    const auto known = std::ranges::find_if(out, [&](const dkim::SignedName& n) { return iequals(n.name, name); });
    if (known != out.end())
      ++known->more;
    else
      out.push_back({std::string(name), 0});
  }
  return out;
}

Result<dkim::SignOptions> options_of(const Invocation& invocation) {
  dkim::SignOptions options;
  const std::string canon = *invocation.value("canon");
  const std::size_t slash = canon.find('/');
  options.header_canon = TRY(canon_of(canon.substr(0, slash)));
  // RFC 6376 §3.5: without the second, the body is simple.
  options.body_canon = slash == canon.npos ? dkim::Canon::simple : TRY(canon_of(canon.substr(slash + 1)));
  if (const auto headers = invocation.value("headers")) options.names = names_of(*headers);
  return options;
}

net::Task<dkim::Verdict> verify(dns::Resolver* resolver, const message::Letter* letter, const dkim::BodyHashes* bodies,
                                Time now) {
  co_return co_await dkim::verify(*resolver, letter->fields(), *bodies, now, {}, net::Deadline::in(kZoneTime));
}

// What a receiver makes of the signature, with the key that stands in the zone of --zone; nothing without that.
Result<std::optional<dkim::SignatureVerdict>> tried(const Invocation& invocation, const Bytes& signed_letter,
                                                    Time now) {
  const auto zone = invocation.value("zone");
  if (!zone) return std::nullopt;
  const auto resolver = TRY(dns::ZoneResolver::from_file(*zone));
  const message::Letter letter(signed_letter);
  dkim::BodyHashes bodies(letter.fields());
  bodies.feed(ByteView(signed_letter).substr(letter.root().body));
  bodies.finish();
  auto verdict = net::run(verify(resolver.get(), &letter, &bodies, now));
  return std::move(verdict.signatures.at(0));
}

void warn(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

Result<int> sign(const Invocation& invocation) {
  for (const std::string_view needed : {"domain", "selector", "key"})
    if (!invocation.has(needed)) return fail(Errc::usage, "--{} is missing", needed);
  const dkim::SignOptions options = TRY(options_of(invocation));
  const Time now = TRY(time_of(invocation));
  auto key = TRY(read_signing_key(*invocation.value("key")));
  const std::string algorithm = key.kind() == crypto::KeyKind::rsa ? "rsa-sha256" : "ed25519-sha256";
  if (const auto wanted = invocation.value("algorithm"); wanted && *wanted != algorithm)
    return fail(Errc::usage, "--algorithm: the key is one for {}", algorithm);
  const Bytes octets = TRY(read_letter(invocation.argument(0)));
  const dkim::SigningKey signing{.key = std::make_shared<const crypto::PrivateKey>(std::move(key)),
                                 .domain = *invocation.value("domain"),
                                 .selector = *invocation.value("selector"),
                                 .identity = invocation.value("identity").value_or("")};
  const auto made = TRY(dkim::sign(message::Letter(octets), {&signing, 1}, now, options));
  if (made.unfit.any())
    warn(
        std::string(invocation.say({"This letter may be changed on its way, and the signature break: a line is over "
                                    "998 octets, or CR and LF stand alone.",
                                    "Cette lettre peut changer en route, et la signature se briser : une ligne dépasse "
                                    "998 octets, ou CR et LF s'y trouvent seuls."})));
  std::string whole;
  for (const std::string& field : made.fields) whole += field;
  whole += octets;
  const auto published = TRY(tried(invocation, whole, now));
  if (published && published->result() != dkim::ResultCode::pass) {
    const dkim::ReasonRow& why = reason_row(published->reason);
    warn(
        fmt::format(fmt::runtime(invocation.say({"With the key in the zone, at {}._domainkey.{}: DKIM {}: {} ({})",
                                                 "Avec la clef dans la zone, à {}._domainkey.{} : DKIM {} : {} ({})"})),
                    signing.selector, signing.domain, result_name(published->result()),
                    invocation.french() ? why.fr : why.en, why.id));
  }
  std::string out;
  if (invocation.json()) {
    codec::json::Writer w(out, 2);
    w.begin_object().key("fields").begin_array();
    for (const std::string& field : made.fields) w.value(field);
    w.end_array().field("unfit", made.unfit.any());
    if (published) {
      w.key("dkim").begin_array();
      write_signature(w, *published);
      w.end_array();
    }
    w.end_object();
    out += '\n';
  } else {
    out = std::move(whole);
  }
  return print(out);
}

}  // namespace

Result<Bytes> read_letter(const std::string& path) {
  Bytes out;
  post::LineEndsIn().feed(TRY(read_input(path, kMaxLetter)), out);
  return out;
}

Result<Time> time_of(const Invocation& invocation) {
  const auto text = invocation.value("at");
  if (!text) return system_clock().now();
  const auto time = from_rfc3339(*text);
  if (!time) return fail(Errc::usage, "--at: '{}' is no time like 2026-11-24T18:00:00Z", printable(*text, 40));
  return *time;
}

Result<crypto::PrivateKey> read_signing_key(const std::string& path) {
  const crypto::Secret text = crypto::Secret::take(TRY(read_input(path, crypto::kMaxPem)));
  std::string_view bare = text.reveal();
  while (!bare.empty() && (is_ctl(bare.back()) || bare.back() == ' ')) bare.remove_suffix(1);
  if (auto seed = codec::base64_decode(bare); seed && seed->size() == crypto::kEd25519Octets)
    return crypto::PrivateKey::from_ed25519_seed(crypto::Secret::take(std::move(*seed)));
  return crypto::PrivateKey::from_pem(text);
}

int run_sign(const Invocation& invocation) {
  const auto code = sign(invocation);
  return code ? *code : invocation.refuse(code.error());
}

}  // namespace chappe::app
