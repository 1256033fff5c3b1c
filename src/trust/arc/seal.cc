#include "trust/arc/seal.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/digest.h"
#include "trust/dkim/field_writer.h"

namespace chappe::trust::arc {
namespace {

using dkim::Canon;
using message::FieldName;

// "ARC-Authentication-Results: i=1; mail.example.org; …", with what folds it has, or folded where it may be.
Result<std::string> results_field(std::uint32_t instance, std::string_view results) {
  std::string text(trim(results));
  if (text.empty()) return fail(Errc::invalid, "an ARC set needs results");
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool line_end = c == '\r' && i + 2 < text.size() && text[i + 1] == '\n' && is_wsp(text[i + 2]);
    if (line_end)
      ++i;
    else if (is_ctl(c) && c != '\t')
      return fail(Errc::invalid, "the results hold a control character or a line end that is no fold");
  }
  // A field of one line is folded behind its semicolons, as they are usually written.
  if (!text.contains('\r')) {
    std::string folded;
    bool quoted = false;
    int comment = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '\\' && i + 1 < text.size()) {
        folded += c;
        folded += text[++i];
        continue;
      }
      if (c == '"' && comment == 0) quoted = !quoted;
      if (!quoted) comment += c == '(' ? 1 : c == ')' && comment > 0 ? -1 : 0;
      folded += c;
      if (c == ';' && !quoted && comment == 0 && i + 1 < text.size() && is_wsp(text[i + 1])) folded += "\r\n";
    }
    text = std::move(folded);
  }
  return "ARC-Authentication-Results: i=" + std::to_string(instance) + "; " + text + "\r\n";
}

Result<std::string> signed_by(const dkim::SigningKey& key, dkim::FieldWriter field, std::string text, Canon canon) {
  const message::Field own = field.unsigned_field();
  dkim::append_own(text, canon, own, field.value_place(), field.value_place());
  const Bytes signature = TRY(key.key->sign(crypto::sha256(text).view()));
  return std::move(field).finish(signature);
}

}  // namespace

std::span<const dkim::SignedName> sealed_names() {
  static const std::vector<dkim::SignedName> names = [] {
    std::vector<dkim::SignedName> out{dkim::standard_names().begin(), dkim::standard_names().end()};
    // As many as there are: others sign on the way.
    out.push_back({"DKIM-Signature", 0});
    return out;
  }();
  return names;
}

Result<std::optional<Sealed>> seal(std::span<const message::Field> header, const dkim::BodyHashes& bodies, Status came,
                                   std::string_view results, const dkim::SigningKey& key, Time now,
                                   const SealOptions& options) {
  const dkim::BodyHash* body = bodies.find(options.body_kind());
  if (body == nullptr) return fail(Errc::invalid, "the body was not hashed as it is to be signed");
  const dkim::SignerNames signer = TRY(dkim::signer_names(key));
  const Chain chain = collect(header);
  // RFC 8617 §5.1, step 2: nothing is added behind a seal that says cv=fail.
  if (chain.fault == Reason::failed_before) return std::nullopt;
  // Nor is there a number for one more set (§4.2.1).
  if (chain.highest() >= kMaxSets) return std::nullopt;
  const bool whole = !chain.fault && (came == Status::pass) == !chain.sets.empty();
  if (came != Status::fail && !whole)
    return fail(Errc::invalid, "the chain that came with {} is not the one that is to be sealed", status_name(came));

  Sealed out;
  out.instance = chain.highest() + 1;
  out.chain = came;
  const std::string instance = std::to_string(out.instance);
  const std::string seconds = options.timestamp ? TRY(dkim::timestamp(now)) : std::string();
  const std::string aar = TRY(results_field(out.instance, results));

  // RFC 8617 §4.1.2
  for (const dkim::SignedName& n : options.names)
    if (istarts_with(n.name, "ARC-") || iequals(n.name, "Authentication-Results"))
      return fail(Errc::invalid, "{} is not signed by an ARC-Message-Signature", n.name);
  const dkim::HeaderFields fields(header);
  const std::vector<std::string> names = TRY(dkim::signed_names(fields, options.names));
  dkim::FieldWriter message("ARC-Message-Signature", FieldName::arc_message_signature);
  message.tag("i", instance).tag("a", signer.algorithm);
  message.tag("c", std::string(canon_name(options.header_canon)) + '/' + std::string(canon_name(options.body_canon)));
  message.tag("d", signer.domain).tag("s", signer.selector);
  if (options.timestamp) message.tag("t", seconds);
  message.list("h", names).base64("bh", body->hash);
  const std::string ams = TRY(signed_by(key, std::move(message),
                                        fields.canonical(options.header_canon, fields.select(names, dkim::kNoField)),
                                        options.header_canon));

  // RFC 8617 §5.1.1, §5.1.2
  std::string text;
  if (came == Status::pass) {
    for (const Set& set : chain.sets)
      for (const std::size_t at : {*set.results, set.message->field, set.seal->field})
        dkim::append_canonical(text, Canon::relaxed, header[at]);
  }
  const std::string both = aar + ams;
  const message::Letter own(both);
  for (const message::Field& field : own.fields()) dkim::append_canonical(text, Canon::relaxed, field);
  dkim::FieldWriter last("ARC-Seal", FieldName::arc_seal);
  last.tag("i", instance).tag("a", signer.algorithm);
  if (options.timestamp) last.tag("t", seconds);
  last.tag("cv", status_name(came)).tag("d", signer.domain).tag("s", signer.selector);
  out.fields = TRY(signed_by(key, std::move(last), std::move(text), Canon::relaxed)) + ams + aar;
  return out;
}

}  // namespace chappe::trust::arc
