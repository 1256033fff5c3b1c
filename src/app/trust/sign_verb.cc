#include "app/trust/sign_verb.h"

#include <algorithm>

#include "app/admin_input.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "post/care/line_ends.h"
#include "trust/dkim/sign.h"

namespace chappe::app {
namespace {

namespace dkim = trust::dkim;

// It has to fit into memory.
constexpr std::size_t kMaxLetter = 200 * 1024 * 1024;

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
    std::fprintf(
        stderr, "%s\n",
        std::string(invocation.say({"This letter may be changed on its way, and the signature break: a line is "
                                    "over 998 octets, or CR and LF stand alone.",
                                    "Cette lettre peut changer en route, et la signature se briser : une ligne "
                                    "dépasse 998 octets, ou CR et LF s'y trouvent seuls."}))
            .c_str());
  std::string out;
  if (invocation.json()) {
    codec::json::Writer w(out, 2);
    w.begin_object().key("fields").begin_array();
    for (const std::string& field : made.fields) w.value(field);
    w.end_array().field("unfit", made.unfit.any()).end_object();
    out += '\n';
  } else {
    for (const std::string& field : made.fields) out += field;
    out += octets;
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
